#pragma once

#include "base/repeat_limiter.hpp"
#include "core/channel/channel.hpp"
#include "core/engine/log.hpp"

#include <cstddef>

namespace tempeh::core {

/// Writes the log lines about channels. Drops a line for which there is no memory. Reactor thread.
class ChannelLog {
public:
    explicit ChannelLog(const Log& log) noexcept : log_(log) {}

    /// The channel has ended for the application; `returned` messages come back.
    void noteEnd(const Channel& channel, machines::EndCause cause, Status status, const EndDetail& detail,
                 std::size_t returned) const noexcept;
    /// Warns, once per interval, that a client left after waiting `waited` for an answer to its hello.
    void warnOfUnansweredHello(const Channel& channel, Duration waited, TimePoint now) noexcept;

private:
    const Log& log_;
    base::RepeatLimiter unansweredHellos_;
};

}  // namespace tempeh::core
