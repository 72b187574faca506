#include "core/group/blocking_waiter.hpp"

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
    if (!waiter->isResumedBy(timeAfter(std::chrono::steady_clock::now(), timeout))) {
        backend.cancelWritable(*waiter, channel);
        return false;
    }
    ec = waiter->abortReason;
    return !ec && !waiter->timedOut;
}

bool BlockingWaiter::isResumedBy(TimePoint until) noexcept {
    base::WaitableLock lock(mutex_);
    const auto isResumed = [this]() TEMPEH_REQUIRES(mutex_) { return isResumed_; };
    return lock.waitUntil(resumed_, until, isResumed);
}

void BlockingWaiter::resume(bool) noexcept {
    const std::shared_ptr<BlockingWaiter> self = std::move(engineReference_);
    {
        const base::MutexLock lock(mutex_);
        isResumed_ = true;
    }
    resumed_.notify_one();
}

}  // namespace tempeh::core
