#pragma once

#include "core/group/owed.hpp"
#include "core/group/stamp.hpp"
#include "core/submit/channel_table.hpp"
#include "core/submit/giving_way.hpp"
#include "core/submit/submit_queue.hpp"

#include <tempeh/message/message_queue.hpp>

namespace tempeh::core {

class Engine;
class Group;

/// How messages enter the engine: on the reactor thread directly to their channel, from other threads through
/// the SubmitQueue.
class Posting {
public:
    explicit Posting(Engine& engine) noexcept;
    Posting(const Posting&) = delete;
    Posting& operator=(const Posting&) = delete;

    // --- Any thread ---

    /// Returns the header as sent. On error the caller keeps the message unchanged, also when this throws
    /// std::bad_alloc.
    BinaryHeader post(Group& group, MessagePtr& message, error_code& ec);
    /// Posts as many messages as possible from the front and returns how many. The rest stays in `messages`;
    /// `ec` is the error of the first one left.
    std::size_t postAll(Group& group, MessageQueue& messages, error_code& ec) noexcept;

    /// The application is done with a received message without returning it: settles its obligation.
    void settle(Message& message) noexcept {
        if (detail::MessageAccess::obligation(message) != 0) [[unlikely]]
            takeObligationOf(message).settle();
    }
    /// Settles and stamps the message, which then belongs to the engine.
    void prepare(Message& message, BinaryHeader& header) noexcept {
        settle(message);
        stamp(message, header);
    }

    // --- Reactor thread ---

    /// A wake-up has arrived: collects what other threads posted, then runs their tasks.
    void onWake() noexcept;
    /// Collects what other threads posted.
    void collect() noexcept;
    /// For a polling reactor: true when there was something.
    bool collectPolled() noexcept;

private:
    Status postAny(Group& group, MessagePtr& message, BinaryHeader& header);
    std::size_t submitPlain(Group& group, MessageQueue& messages) noexcept;
    Status open(Group& group, MessagePtr& message, BinaryHeader& header);
    bool postPlain(Group& group, MessagePtr& message, BinaryHeader& header) noexcept;
    Status postLocal(Group& group, MessagePtr& message, BinaryHeader& header);
    Status postRemote(Group& group, MessagePtr& message, BinaryHeader& header);
    Status postLate(Channel& channel, MessagePtr& message, BinaryHeader& header);
    Status postFirst(Channel& channel, MessagePtr& message, BinaryHeader& header);
    Status conclude(Group& group, const SubmitQueue::Outcome& outcome) noexcept;
    Owed takeObligation(Message& message) noexcept {
        return detail::MessageAccess::obligation(message) != 0 ? takeObligationOf(message) : Owed();
    }
    Owed takeObligationOf(Message& message) noexcept;
    void acceptCollected() noexcept;
    static void acceptCollectedOf(Channel& channel) noexcept;

    Engine& engine_;
    ChannelTable& table_;
    SubmitQueue& queue_;
    // Channels with something to accept; each holds a reference. Reactor thread.
    ChannelList<CollectedTag> collected_;
    GivingWay givingWay_;  // reactor thread
};

}  // namespace tempeh::core
