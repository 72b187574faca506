#pragma once

#include "core/channel_table.hpp"
#include "core/owed.hpp"
#include "core/stamp.hpp"
#include "core/submit_queue.hpp"

#include <tempeh/message/message_queue.hpp>

namespace tempeh::core {

class Engine;
class Group;

/// How messages get in: from the reactor thread straight to their channel, from others through the
/// SubmitQueue.
class Posting {
public:
    explicit Posting(Engine& engine) noexcept;
    Posting(const Posting&) = delete;
    Posting& operator=(const Posting&) = delete;

    // --- Any thread ---

    /// The header as sent. With an error the message is the caller's as before. Throws std::bad_alloc
    /// likewise.
    BinaryHeader post(Group& group, MessagePtr& message, error_code& ec);
    /// From the front as many as can be posted; how many. The rest stays, and the first of it has the error.
    std::size_t postAll(Group& group, MessageQueue& messages, error_code& ec) noexcept;

    /// The application is done with a received message in another way than returning it: what it owed is
    /// settled.
    void settle(Message& message) noexcept {
        if (detail::MessageAccess::obligation(message) != 0) [[unlikely]]
            takeObligationOf(message).settle();
    }
    /// Settled and stamped: the message belongs to the engine.
    void prepare(Message& message, BinaryHeader& header) noexcept {
        settle(message);
        stamp(message, header);
    }

    // --- Reactor thread ---

    /// A wake has arrived: picks up what other threads posted, then runs their jobs.
    void onWake() noexcept;
    /// Picks up what other threads posted.
    void collect() noexcept;
    /// For a reactor that polls: true when there was something.
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
    ChannelList<CollectedTag> collected_;  // with something to accept; each has a reference. Reactor thread
};

}  // namespace tempeh::core
