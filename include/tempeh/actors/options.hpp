#pragma once

#include <tempeh/base/duration.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace spdlog {
class logger;
}

namespace tempeh::actors {

/// What happens to a message for an actor whose mailbox is full. What is dropped becomes a dead letter.
enum class OnFull : std::uint8_t {
    Refuse,      ///< tell() and send() fail with MailboxFull.
    DropOldest,  ///< The message that has waited longest makes room.
    DropNewest,  ///< The new message is dropped; tell() says MailboxFull.
    Wait,        ///< send() waits for room. tell() never waits, and fails with MailboxFull.
};

struct MailboxOptions {
    /// Messages that wait, without the one being handled. At least 1.
    std::size_t capacity = 8192;
    OnFull onFull = OnFull::Refuse;
};

/// When a supervisor restarts a child.
enum class Restart : std::uint8_t {
    Permanent,  ///< Always, also after it stopped by itself.
    Transient,  ///< When it failed.
    Temporary,  ///< Never.
};

/// A pause before each restart that grows while a child keeps failing, and is forgotten once the child has
/// run for `max`. No pause by default.
struct Backoff {
    /// The first pause.
    Timeout min = Duration::zero();
    /// The longest one.
    Timeout max = std::chrono::seconds(30);
    /// How much longer each is than the last.
    double factor = 2.0;
};

/// How an actor is started.
struct SpawnOptions {
    /// Unique in its system while the actor lives. May be empty.
    std::string name = {};
    MailboxOptions mailbox = {};
    /// After being told to stop, the handler and the tasks at work may go on for this long; then they are
    /// cancelled.
    Timeout stopTimeout = std::chrono::seconds(1);
};

/// How a supervisor keeps a child.
struct ChildOptions {
    /// As SpawnOptions::mailbox.
    MailboxOptions mailbox = {};
    /// When it is started again.
    Restart restart = Restart::Permanent;
    /// As SpawnOptions::stopTimeout.
    Timeout stopTimeout = std::chrono::seconds(1);
    /// The pause before it is.
    Backoff backoff = {};
};

/// Which children a failure concerns.
enum class Strategy : std::uint8_t {
    OneForOne,   ///< The one that failed.
    OneForAll,   ///< All of them.
    RestForOne,  ///< The one that failed, and those started after it.
};

struct SupervisorOptions {
    std::string name = {};
    Strategy strategy = Strategy::OneForOne;
    /// With more restarts than this within `period` (a sliding window), the supervisor gives up: it stops its
    /// children and itself, and its own supervisor decides.
    std::size_t intensity = 3;
    Timeout period = std::chrono::seconds(60);
};

/// Which member of a pool gets a message.
enum class Routing : std::uint8_t {
    RoundRobin,
    LeastLoaded,  ///< The one with the shortest mailbox.
    Random,
    ByKey,      ///< Always the same one for the same `routingKey()` of the message.
    Broadcast,  ///< Every one gets a copy. For tell; a question goes to one of them.
};

struct SystemOptions {
    /// Threads of its own, at least 1.
    std::size_t threads = 1;
    /// Messages that one actor handles before the next one's turn.
    std::size_t throughput = 64;
    /// Dead letters that deadLetters() keeps.
    std::size_t deadLetters = 64;
    /// Where it logs. Null: standard error, from level warn up.
    std::shared_ptr<spdlog::logger> logger = nullptr;
};

}  // namespace tempeh::actors
