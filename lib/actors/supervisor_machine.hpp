#pragma once

#include <tempeh/actors/options.hpp>
#include <tempeh/base/duration.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace tempeh::actors::detail {

/// What a supervisor does about its children: which one it starts or stops next, and when it gives up. Events
/// in, one action out; no clock and no actor. One child is started or stopped at a time.
class SupervisorMachine {
public:
    enum class Do : std::uint8_t {
        Nothing,  ///< Waits for an event.
        Start,    ///< Start `child`, after `delay`.
        Stop,     ///< Stop `child`, so that it can be started again.
        End,      ///< `child` is not coming back: end it for good.
        Started,  ///< All run, for the first time since begin().
        GaveUp,   ///< Too many restarts, and all children are down.
        Down,     ///< All children are down, as stop() wanted.
    };
    struct Action {
        Do what = Do::Nothing;
        std::size_t child = 0;
        Duration delay = Duration::zero();
    };

    SupervisorMachine(Strategy strategy, std::size_t intensity, Duration period)
        : strategy_(strategy), intensity_(intensity), period_(period) {}

    void addChild(Restart restart, const Backoff& backoff) { children_.push_back({restart, backoff}); }
    std::size_t intensity() const noexcept { return intensity_; }
    std::size_t size() const noexcept { return children_.size(); }

    /// Starts the children, the first first.
    void begin() noexcept;
    /// Stops them, the last first.
    void stop() noexcept;
    /// The child's constructor has run.
    void onStarted(std::size_t child, TimePoint now) noexcept;
    /// The child failed; its instance may still be there.
    void onFailed(std::size_t child, TimePoint now) noexcept;
    /// The child has no instance any more: it was stopped, or stopped by itself.
    void onDown(std::size_t child, TimePoint now) noexcept;
    /// Asked again and again until it says Nothing.
    Action next() noexcept;

    bool isDown() const noexcept;
    bool hasGivenUp() const noexcept { return phase_ == Phase::GivingUp || phase_ == Phase::GaveUp; }
    bool isRunning(std::size_t child) const noexcept { return children_[child].state == State::Running; }
    bool hasEnded(std::size_t child) const noexcept { return children_[child].hasEnded; }

private:
    enum class Phase : std::uint8_t { Down, Up, Stopping, GivingUp, GaveUp };
    enum class State : std::uint8_t { Down, Starting, Running, Failed, Stopping };
    struct Child {
        Restart restart;
        Backoff backoff;
        State state = State::Down;
        bool isWanted = true;      ///< It is to run again.
        bool mustStop = false;     ///< It goes down first.
        bool hasEnded = false;     ///< It was ended for good.
        std::size_t failures = 0;  ///< In a row, for the backoff.
        TimePoint startedAt = TimePoint::min();
    };

    void restart(std::size_t child, TimePoint now) noexcept;
    bool isBusy() const noexcept;
    Duration delayOf(const Child& child) const noexcept;
    /// The last one that runs and must go down; size() if there is none.
    std::size_t lastToStop(bool all) const noexcept;

    const Strategy strategy_;
    const std::size_t intensity_;
    const Duration period_;
    std::vector<Child> children_;
    std::deque<TimePoint> restarts_;  // within the period
    Phase phase_ = Phase::Down;
    bool isAnnounced_ = false;
};

}  // namespace tempeh::actors::detail
