#pragma once

#include "base/repeat_limiter.hpp"
#include "core/channel.hpp"
#include "core/log.hpp"

#include <cstddef>

namespace tempeh::core {

/// What the log says about channels. Without memory for a line there is one line less. Reactor thread.
class ChannelLog {
public:
    explicit ChannelLog(const Log& log) noexcept : log_(log) {}

    /// It has ended for the application; `returned` messages come back.
    void noteEnd(const Channel& channel, machines::EndCause cause, Status status, const EndDetail& detail,
                 std::size_t returned) const noexcept;
    /// Once per interval: a client went `waited` after its hello, which nobody had answered.
    void warnOfUnansweredHello(const Channel& channel, Duration waited, TimePoint now) noexcept;

private:
    const Log& log_;
    base::RepeatLimiter unansweredHellos_;
};

}  // namespace tempeh::core
