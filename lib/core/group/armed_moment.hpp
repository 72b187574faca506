#pragma once

#include <tempeh/core/asio.hpp>

#include <atomic>

namespace tempeh::core {

/// The time at which something will be checked next, at the request of any thread. Until it is reached, it
/// only moves to an earlier time. Several threads may bring it forward at once: the earliest time wins, even
/// if one of the threads is preempted in the middle.
class ArmedMoment {
public:
    /// True: `when` is now the earliest, and the caller must make sure that some thread checks get() in time.
    bool bringForward(TimePoint when) noexcept {
        TimePoint armed = when_.load();
        while (when < armed)
            if (when_.compare_exchange_weak(armed, when)) return true;
        return false;
    }
    /// TimePoint::max(): none.
    TimePoint get() const noexcept { return when_.load(); }
    /// The time has been reached. Call this before the check, not after it.
    void clear() noexcept { when_.store(TimePoint::max()); }

private:
    std::atomic<TimePoint> when_{TimePoint::max()};
};

}  // namespace tempeh::core
