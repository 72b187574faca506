#pragma once

#include "core/deadlines.hpp"
#include "transport/clock.hpp"
#include "transport/transport.hpp"

#include <atomic>
#include <memory>

namespace tempeh::core {

/// All deadlines of an engine behind one timer, and what that timer tells about this side: whether it has
/// run. Reactor thread, where nothing else is said.
class DeadlineTimer {
public:
    /// A timer that is so late means that the process was stopped, or its reactor blocked, and not busy.
    static constexpr Duration stoppedFor = std::chrono::seconds(1);

    DeadlineTimer(std::unique_ptr<transport::Timer> timer, const transport::Clock& clock) noexcept
        : clock_(clock), timer_(std::move(timer)) {}

    /// True: it is the nearest now, and arm() is due.
    bool set(Deadline& deadline, TimePoint when) noexcept { return deadlines_.set(deadline, when); }

    /// Sets the timer to the nearest deadline, or stops it: a timer that nobody waits for must not keep the
    /// caller's context from running out of work. `target()` gives the std::shared_ptr<TimerTarget> to call.
    /// False: there is no memory for it; without a timer the engine would be deaf to time, so the caller
    /// tries again.
    template <typename Target>
    [[nodiscard]] bool arm(Target target) noexcept {
        if (!isArmingDue()) return true;
        try {
            timer_->start(armedFor_, target());
            return true;
        } catch (const std::bad_alloc&) {
            armedFor_ = TimePoint::max();
            return false;
        }
    }

    /// The timer has fired: runs what is due.
    void runExpired() noexcept;

    /// How much later than planned the deadlines run that run now: this side did not run, and what peers sent
    /// meanwhile may not be read yet. Zero elsewhere.
    Duration lateness() const noexcept { return lateness_; }
    /// Since when this side runs without having been stopped for long. Any thread.
    TimePoint runsSince() const noexcept { return runsSince_.load(std::memory_order_relaxed); }

    /// The context goes; deadlines may still be set, and will not come.
    void release() noexcept { timer_.reset(); }

private:
    bool isArmingDue() noexcept;

    const transport::Clock clock_;
    std::unique_ptr<transport::Timer> timer_;
    Deadlines deadlines_;
    TimePoint armedFor_ = TimePoint::max();
    Duration lateness_ = Duration::zero();
    std::atomic<TimePoint> runsSince_{TimePoint()};
};

}  // namespace tempeh::core
