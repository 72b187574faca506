#pragma once

#include "core/engine/deadlines.hpp"
#include "transport/clock.hpp"
#include "transport/transport.hpp"

#include <atomic>
#include <memory>

namespace tempeh::core {

/// All deadlines of an engine behind one timer. From the timer's lateness it also learns whether this process
/// was running. Reactor thread, unless stated otherwise.
class DeadlineTimer {
public:
    /// A timer this late means that the process was stopped or its reactor blocked, not just busy.
    static constexpr Duration stoppedFor = std::chrono::seconds(1);

    DeadlineTimer(std::unique_ptr<transport::Timer> timer, const transport::Clock& clock) noexcept
        : clock_(clock), timer_(std::move(timer)) {}

    /// True: it is now the nearest, and the caller must call arm().
    bool set(Deadline& deadline, TimePoint when) noexcept { return deadlines_.set(deadline, when); }

    /// Sets the timer to the nearest deadline, or stops it when there is none: an unneeded timer must not
    /// keep the caller's context from running out of work. `target()` returns the
    /// std::shared_ptr<TimerTarget> to call. False: out of memory; the caller must try again, as no deadline
    /// fires without a timer.
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

    /// The timer has fired: runs the expired deadlines.
    void runExpired() noexcept;

    /// Inside a deadline's callback: how much later than planned it runs. This process was not running, so
    /// data that peers sent meanwhile may not be read yet. Zero elsewhere.
    Duration lateness() const noexcept { return lateness_; }
    /// Since when this process has been running without a long stop. Any thread.
    TimePoint runsSince() const noexcept { return runsSince_.load(std::memory_order_relaxed); }

    /// The context is being destroyed. Deadlines may still be set, but will not fire.
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
