#include "flows/hub/thread_sleeper.hpp"

namespace tempeh::flows::detail {

void ThreadSleeper::wake(bool /*onLoop*/) noexcept {
    // Told under the lock: this object is gone as soon as the thread sees it.
    const std::scoped_lock lock(mutex_);
    isAwake_ = true;
    wakened_.notify_one();
}

void ThreadSleeper::sleep(Hub& hub, Wait& wait, TimePoint deadline) {
    isAwake_ = false;
    hub.begin(wait, *this, deadline == TimePoint::min() ? deadline : TimePoint::max());
    {
        std::unique_lock lock(mutex_);
        const auto isAwake = [this] { return isAwake_; };
        if (deadline == TimePoint::max() || deadline == TimePoint::min())
            wakened_.wait(lock, isAwake);
        else if (!wakened_.wait_until(lock, deadline, isAwake)) {
            lock.unlock();
            const bool isMine = hub.expire(wait);
            lock.lock();
            if (!isMine) wakened_.wait(lock, isAwake);
        }
    }
    hub.settle(wait);
}

}  // namespace tempeh::flows::detail
