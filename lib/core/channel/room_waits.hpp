#pragma once

#include "core/channel/writers_waiting.hpp"
#include "core/engine/deadlines.hpp"
#include "core/submit/submit_queue.hpp"

#include <optional>

namespace tempeh::core {

/// The waiters of waitWritable() on one channel. A wait ends when there is room, when there never will be, on
/// cancellation or at its deadline. Reactor thread.
class RoomWaits {
public:
    explicit RoomWaits(SubmitQueue& queue) noexcept : queue_(queue) {}
    RoomWaits(const RoomWaits&) = delete;
    RoomWaits& operator=(const RoomWaits&) = delete;

    bool empty() const noexcept { return writers_.empty(); }

    /// Resumes the waiter at once when there is room, when it does not want to wait, or when it was cancelled
    /// on its way here. Otherwise the caller must call arm().
    void begin(detail::Waiter& waiter, bool hasRoom) noexcept {
        waiter.timedOut = !hasRoom && waiter.deadline == TimePoint::min();
        const bool mustWait = !hasRoom && !waiter.timedOut;
        if (!queue_.registerWaiter(waiter, mustWait)) return waiter.resume(false);
        writers_.add(waiter);
    }
    /// Makes sure, with `setDeadline(Deadline&, TimePoint)`, that onDeadline(context) is called when expire()
    /// is due.
    template <typename SetDeadline>
    void arm(Deadline::Callback onDeadline, void* context, SetDeadline setDeadline) noexcept {
        const TimePoint next = writers_.nextDeadline();
        if (next == TimePoint::max()) return;
        if (!deadline_) deadline_.emplace(onDeadline, context);
        if (next < deadline_->when()) setDeadline(*deadline_, next);
    }

    /// There is room for all.
    void resumeAll() noexcept {
        while (!writers_.empty())
            resume(writers_.front());
    }
    /// There never will be room.
    void settle(Status reason) noexcept {
        while (!writers_.empty()) {
            writers_.front().abortReason = reason;
            resume(writers_.front());
        }
    }
    void cancel(CancelledWaiters& cancelled) noexcept {
        while (!cancelled.empty()) {
            detail::Waiter& waiter = cancelled.front();
            waiter.abortReason = asio::error::operation_aborted;
            resume(waiter);
        }
    }
    /// Resumes the waiters whose deadline has passed; the caller must call arm().
    void expire(TimePoint now) noexcept {
        while (writers_.nextDeadline() <= now) {
            detail::Waiter& waiter = writers_.nextToExpire();
            waiter.timedOut = true;
            resume(waiter);
        }
    }
    /// No further waiters are accepted.
    void close(Status reason) noexcept {
        settle(reason);
        deadline_.reset();
    }

private:
    void resume(detail::Waiter& waiter) noexcept {
        writers_.remove(waiter);
        queue_.deregisterWaiter(waiter);
        waiter.resume(false);
    }

    SubmitQueue& queue_;
    WritersWaiting writers_;
    std::optional<Deadline> deadline_;
};

}  // namespace tempeh::core
