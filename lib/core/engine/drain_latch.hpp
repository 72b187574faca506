#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/asio.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>

namespace tempeh::core {

/// Counts the live channels; during a shutdown it opens when the last one has ended. Any thread.
class DrainLatch {
public:
    /// Call before the channel gets its number: a shutdown may end it at once.
    void noteOpened() noexcept { live_.fetch_add(1, std::memory_order_relaxed); }
    /// The channel has ended, or failed to open.
    void noteEnded() noexcept { live_.fetch_sub(1, std::memory_order_relaxed); }
    std::size_t live() const noexcept { return live_.load(std::memory_order_relaxed); }

    /// Call when no further channel can open: opens the latch if none lives.
    void openIfDrained() noexcept TEMPEH_EXCLUDES(mutex_) {
        if (live() == 0) open();
    }
    void open() noexcept TEMPEH_EXCLUDES(mutex_) {
        {
            const base::MutexLock lock(mutex_);
            isOpen_ = true;
        }
        opened_.notify_all();
    }
    bool isOpen() const noexcept TEMPEH_EXCLUDES(mutex_) {
        const base::MutexLock lock(mutex_);
        return isOpen_;
    }
    /// Returns when it is open, or at `until`; TimePoint::min() does not wait.
    void waitUntil(TimePoint until) const TEMPEH_EXCLUDES(mutex_) {
        if (until == TimePoint::min()) return;
        base::WaitableLock lock(mutex_);
        const auto isOpen = [this]() TEMPEH_REQUIRES(mutex_) { return isOpen_; };
        lock.waitUntil(opened_, until, isOpen);
    }

private:
    std::atomic<std::size_t> live_{0};  // opened and not ended
    mutable base::Mutex mutex_;
    bool isOpen_ TEMPEH_GUARDED_BY(mutex_) = false;
    mutable std::condition_variable opened_;
};

}  // namespace tempeh::core
