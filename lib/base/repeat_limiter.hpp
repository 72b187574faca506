#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace tempeh::base {

/// Lets something be said once per interval and counts what was left unsaid. Its owner locks.
class RepeatLimiter {
public:
    using Clock = std::chrono::steady_clock;

    explicit RepeatLimiter(Clock::duration interval = std::chrono::seconds(10)) noexcept
        : interval_(interval) {}

    /// Whether it may be said now: then how often it was not since the last time.
    std::optional<std::uint64_t> pass(Clock::time_point now) noexcept {
        if (last_ && now - *last_ < interval_) {
            ++held_;
            return std::nullopt;
        }
        last_ = now;
        const std::uint64_t held = held_;
        held_ = 0;
        return held;
    }

private:
    Clock::duration interval_;
    std::optional<Clock::time_point> last_;
    std::uint64_t held_ = 0;
};

}  // namespace tempeh::base
