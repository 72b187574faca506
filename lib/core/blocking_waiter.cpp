#include "core/blocking_waiter.hpp"

namespace tempeh::core {

bool BlockingWaiter::wait(detail::GroupBackend& backend, ChannelNumber channel, Duration timeout,
                          error_code& ec) noexcept {
    std::shared_ptr<BlockingWaiter> waiter;
    try {
        waiter = std::make_shared<BlockingWaiter>();
    } catch (const std::bad_alloc&) {
        ec = Status::AllocationFailed;
        return false;
    }
    waiter->engineReference_ = waiter;
    backend.startWritable(*waiter, channel, timeout);
    std::unique_lock lock(waiter->mutex_);
    const auto isResumed = [&waiter] { return waiter->isResumed_; };
    const TimePoint deadline = timeAfter(std::chrono::steady_clock::now(), timeout);
    if (deadline == TimePoint::max()) {
        waiter->resumed_.wait(lock, isResumed);
    } else if (!waiter->resumed_.wait_until(lock, deadline, isResumed)) {
        lock.unlock();
        backend.cancelWritable(*waiter, channel);
        return false;
    }
    ec = waiter->abortReason;
    return !ec && !waiter->timedOut;
}

void BlockingWaiter::resume(bool) noexcept {
    const std::shared_ptr<BlockingWaiter> self = std::move(engineReference_);
    {
        const std::scoped_lock lock(mutex_);
        isResumed_ = true;
    }
    resumed_.notify_one();
}

}  // namespace tempeh::core
