#pragma once

#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/core/read_mode.hpp>
#include <tempeh/message/message_queue.hpp>

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tempeh::core {

/// Waiters of waitWritable() whose wait was cancelled.
using CancelledWaiters =
    boost::intrusive::list<detail::Waiter, boost::intrusive::base_hook<detail::WaiterCancelHook>,
                           boost::intrusive::constant_time_size<false>>;

/// What other threads have submitted for one channel. Only SubmitQueue accesses it, under its lock.
class ChannelSubmissions {
public:
    /// True: messages posted from now on come back. Stays true once the reactor thread has called
    /// SubmitQueue::end(); on that thread reading it needs no lock.
    bool hasEnded() const noexcept { return stage_.load(std::memory_order_relaxed) != Stage::Open; }

    struct Snapshot {
        std::size_t messages = 0;  ///< Posted and not yet written, wherever they wait.
        std::size_t bytes = 0;     ///< Total size of their frames.
        ReadMode readMode = ReadMode::Normal;
        Status lateStatus = Status::Returned;  ///< The status with which late messages come back.
    };

private:
    friend class SubmitQueue;

    /// Retired: the number is free, and nothing can be posted any more.
    enum class Stage : std::uint8_t { Open, Ended, Retired };

    struct Data {
        MessageQueue messages;  // not collected yet
        std::size_t bytes = 0;  // of their frames
        CancelledWaiters cancelled;
        ReadMode readMode = ReadMode::Normal;
        bool isListed = false;      // in the list of channels to collect
        bool isByeDropped = false;  // the reactor must answer the peer's bye
        MessageQueue late;          // posted after the end, not taken yet
        std::size_t lateBytes = 0;
        Status lateStatus = Status::Returned;  // the status of late messages when they come back
    };
    Data data_;
    std::atomic<Stage> stage_{Stage::Open};  // written with the lock held
};

}  // namespace tempeh::core
