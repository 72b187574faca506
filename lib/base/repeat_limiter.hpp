#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace tempeh::base {

/// Lets a message through once per interval and counts the ones it suppressed. The owner locks.
class RepeatLimiter {
public:
    using Clock = std::chrono::steady_clock;

    explicit RepeatLimiter(Clock::duration interval = std::chrono::seconds(10)) noexcept
        : interval_(interval) {}

    /// If the message may be logged now: how many were suppressed since the last one. Otherwise nullopt.
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
