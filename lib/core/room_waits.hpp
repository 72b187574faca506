#pragma once

#include "core/deadlines.hpp"
#include "core/submit_queue.hpp"
#include "core/writers_waiting.hpp"

#include <optional>

namespace tempeh::core {

/// The waitWritables of one channel, until there is room, there never will be, they are cancelled, or their
/// time is up. Reactor thread.
class RoomWaits {
public:
    explicit RoomWaits(SubmitQueue& queue) noexcept : queue_(queue) {}
    RoomWaits(const RoomWaits&) = delete;
    RoomWaits& operator=(const RoomWaits&) = delete;

    bool empty() const noexcept { return writers_.empty(); }

    /// Resumes the waiter at once when there is room, when it does not wait or was cancelled before it came
    /// here. Else arm() is due.
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
    /// There never will be.
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
    /// Those whose time is up; arm() is due.
    void expire(TimePoint now) noexcept {
        while (writers_.nextDeadline() <= now) {
            detail::Waiter& waiter = writers_.nextToExpire();
            waiter.timedOut = true;
            resume(waiter);
        }
    }
    /// Nobody comes any more.
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
