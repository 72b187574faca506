#pragma once

#include "base/repeat_limiter.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/channel_group.hpp>

#include <array>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

namespace tempeh::flows::detail {

/// What a hub may warn of.
enum class Warning : std::uint8_t {
    HandlerThrew,
    AcceptHookThrew,
    FailureHookThrew,
    HelloHookThrew,
    HandlersLeft,
};

/// Writes flows' warnings to the engine's log. Each kind of warning appears once per interval, with the
/// number of those left out. Any thread, without the hub's lock.
class WarningLog {
public:
    /// Uses the log of the group's engine.
    explicit WarningLog(const ChannelGroup& group) noexcept : group_(group) {}

    void write(Warning kind, std::string_view text) noexcept;
    /// Writes "`what`: what the exception says".
    void write(Warning kind, std::string_view what, const std::exception_ptr& failure) noexcept;
    /// For a warning that cannot repeat.
    void writeAlways(std::string_view text) noexcept { group_.logWarning(text); }

private:
    const ChannelGroup& group_;
    base::Mutex mutex_;
    std::array<base::RepeatLimiter, 5> limiters_ TEMPEH_GUARDED_BY(mutex_);  // by kind
};

/// The text of the exception.
std::string textOf(const std::exception_ptr& failure);

}  // namespace tempeh::flows::detail
