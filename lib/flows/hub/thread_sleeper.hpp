#pragma once

#include "flows/hub/hub.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <condition_variable>

namespace tempeh::flows::detail {

/// A thread that sleeps until a Wait is over.
class ThreadSleeper final : public Sleeper {
public:
    ThreadSleeper() noexcept = default;
    ThreadSleeper(const ThreadSleeper&) = delete;
    ThreadSleeper& operator=(const ThreadSleeper&) = delete;
    ~ThreadSleeper() = default;

    void wake(bool isHere, ContextLife* entered) noexcept override;

    /// Blocks until the wait is over or the deadline passes; then the wait is settled. Uses the thread's own
    /// clock, since an engine's simulated time cannot wake it.
    void sleep(Hub& hub, Wait& wait, TimePoint deadline);

private:
    void sleepUntilAwake(Hub& hub, Wait& wait, TimePoint deadline) noexcept TEMPEH_EXCLUDES(mutex_);

    base::Mutex mutex_;
    std::condition_variable wakened_;
    bool isAwake_ TEMPEH_GUARDED_BY(mutex_) = false;
};

}  // namespace tempeh::flows::detail
