#include "core/options_check.hpp"

#include <tempeh/message/status.hpp>

#include <algorithm>
#include <string>

namespace tempeh::core {

namespace {

using Duration = std::chrono::steady_clock::duration;

void require(bool inRange, const char* field, const std::string& value, const char* range) {
    if (!inRange)
        throw Error(make_error_code(Status::InvalidMessage),
                    std::string("Options::") + field + " = " + value + ", must be " + range);
}

void requireCount(std::size_t value, std::size_t least, std::size_t most, const char* field,
                  const char* range) {
    require(value >= least && value <= most, field, std::to_string(value), range);
}

void requireTime(Duration value, Duration least, const char* field, const char* range) {
    const auto milliseconds = std::chrono::duration<double, std::milli>(value).count();
    require(value >= least, field, std::to_string(milliseconds) + " ms", range);
}

void requireTimeOrNone(Duration value, const char* field) {
    if (value != Duration::zero())
        requireTime(value, std::chrono::milliseconds(1), field, "0, or 1 ms and up");
}

/// Longer than any machine runs, and far from the end of the clock.
constexpr Duration endless = std::chrono::hours(24 * 365 * 100);

}  // namespace

Options checked(const Options& options) {
    constexpr std::size_t any = SIZE_MAX;
    constexpr Duration millisecond = std::chrono::milliseconds(1);
    requireCount(options.maxPoolMessages, 1, 16'777'216, "maxPoolMessages", "1 to 16,777,216");
    requireCount(options.initialPoolMessages, 0, options.maxPoolMessages, "initialPoolMessages",
                 "0 to maxPoolMessages");
    requireCount(options.maxChannels, 1, 65'534, "maxChannels", "1 to 65,534");
    requireCount(options.sendQueueMessages, 1, any, "sendQueueMessages", "1 and up");
    requireCount(options.sendQueueBytes, 1, any, "sendQueueBytes", "1 and up");
    requireTime(options.connectTimeout, millisecond, "connectTimeout", "1 ms and up");
    requireTime(options.helloTimeout, millisecond, "helloTimeout", "1 ms and up");
    requireTime(options.byeTimeout, millisecond, "byeTimeout", "1 ms and up");
    requireTime(options.lingerTimeout, Duration::zero(), "lingerTimeout", "0 and up");
    requireTime(options.busyPoll, Duration::zero(), "busyPoll", "0 and up");
    requireTimeOrNone(options.frameTimeout, "frameTimeout");
    requireTimeOrNone(options.writeTimeout, "writeTimeout");
    require(options.sendBufferBytes >= 0, "sendBufferBytes", std::to_string(options.sendBufferBytes),
            "0 and up");
    require(options.receiveBufferBytes >= 0, "receiveBufferBytes", std::to_string(options.receiveBufferBytes),
            "0 and up");
    require(options.listenBacklog >= 1, "listenBacklog", std::to_string(options.listenBacklog), "1 and up");
    Options usable = options;
    for (Duration* time :
         {&usable.connectTimeout, &usable.helloTimeout, &usable.byeTimeout, &usable.lingerTimeout,
          &usable.busyPoll, &usable.frameTimeout, &usable.writeTimeout})
        *time = std::min(*time, endless);
    return usable;
}

}  // namespace tempeh::core
