#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/detail/group_backend.hpp>

#include <boost/intrusive/list.hpp>

namespace tempeh::core {

using WaiterList = boost::intrusive::list<detail::Waiter, boost::intrusive::constant_time_size<false>>;

/// Takes out and resumes every waiter through its executor, also those that are added meanwhile.
inline void resumeAll(WaiterList& waiters) noexcept {
    while (!waiters.empty()) {
        detail::Waiter& waiter = waiters.front();
        waiters.pop_front();
        waiter.resume(false);
    }
}

/// Waiters on their way to the reactor thread. Not owned. Any thread; the lock is held for one step.
class WaiterRelay {
public:
    void push(detail::Waiter& waiter) noexcept TEMPEH_EXCLUDES(mutex_) {
        const base::MutexLock lock(mutex_);
        waiters_.push_back(waiter);
    }
    /// The waiter that came first; null when there is none.
    detail::Waiter* pop() noexcept TEMPEH_EXCLUDES(mutex_) {
        const base::MutexLock lock(mutex_);
        if (waiters_.empty()) return nullptr;
        detail::Waiter& first = waiters_.front();
        waiters_.pop_front();
        return &first;
    }
    /// All waiters that are here now, in order.
    WaiterList takeAll() noexcept TEMPEH_EXCLUDES(mutex_) {
        WaiterList taken;
        const base::MutexLock lock(mutex_);
        taken.swap(waiters_);
        return taken;
    }

private:
    base::Mutex mutex_;
    WaiterList waiters_ TEMPEH_GUARDED_BY(mutex_);
};

}  // namespace tempeh::core
