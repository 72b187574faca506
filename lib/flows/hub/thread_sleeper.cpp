#include "flows/hub/thread_sleeper.hpp"

namespace tempeh::flows::detail {

void ThreadSleeper::wake(bool /*isHere*/, ContextLife* /*entered*/) noexcept {
    // Notifies under the lock: this object is gone as soon as the thread sees the flag.
    const base::MutexLock lock(mutex_);
    isAwake_ = true;
    wakened_.notify_one();
}

void ThreadSleeper::sleep(Hub& hub, Wait& wait, TimePoint deadline) {
    hub.begin(wait, *this, deadline == TimePoint::min() ? deadline : TimePoint::max());
    sleepUntilAwake(hub, wait, deadline);
    hub.settle(wait);
}

void ThreadSleeper::sleepUntilAwake(Hub& hub, Wait& wait, TimePoint deadline) noexcept {
    base::WaitableLock lock(mutex_);
    const auto isAwake = [this]() TEMPEH_REQUIRES(mutex_) { return isAwake_; };
    if (deadline == TimePoint::min()) {  // woken already, or about to be
        lock.wait(wakened_, isAwake);
    } else if (!lock.waitUntil(wakened_, deadline, isAwake)) {
        lock.unlock();
        const bool isMine = hub.expire(wait);
        lock.lock();
        if (!isMine) lock.wait(wakened_, isAwake);
    }
    isAwake_ = false;  // for the next time
}

}  // namespace tempeh::flows::detail
