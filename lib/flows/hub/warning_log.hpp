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

/// What a hub may have to warn of.
enum class Warning : std::uint8_t {
    HandlerThrew,
    AcceptHookThrew,
    FailureHookThrew,
    HelloHookThrew,
    HandlersLeft,
};

/// The way of flows to the engine's log: each kind of warning once per interval, then with how many were left
/// out. Any thread, no lock held.
class WarningLog {
public:
    /// Of the group's engine.
    explicit WarningLog(const ChannelGroup& group) noexcept : group_(group) {}

    void write(Warning kind, std::string_view text) noexcept;
    /// "`what`: what the exception says".
    void write(Warning kind, std::string_view what, const std::exception_ptr& failure) noexcept;
    /// What cannot repeat.
    void writeAlways(std::string_view text) noexcept { group_.logWarning(text); }

private:
    const ChannelGroup& group_;
    base::Mutex mutex_;
    std::array<base::RepeatLimiter, 5> limiters_ TEMPEH_GUARDED_BY(mutex_);  // by kind
};

/// What the exception says.
std::string textOf(const std::exception_ptr& failure);

}  // namespace tempeh::flows::detail
