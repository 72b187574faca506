#include "core/engine/options_check.hpp"

#include "message/option_check.hpp"

#include <tempeh/message/status.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace tempeh::core {

namespace {

using Duration = std::chrono::steady_clock::duration;
using detail::requireCount;
using detail::requireOption;
using detail::requireTime;

void requireTimeOrNone(Duration value, const char* field) {
    if (value != Duration::zero())
        requireTime(value, std::chrono::milliseconds(1), field, "0, or 1 ms or more");
}

void requireNotNegative(int value, const char* field) {
    requireOption(value >= 0, field, std::to_string(value), "0 or more");
}

void checkAcceptRates(const Options& options) {
    constexpr std::size_t most = 1'000'000'000;
    requireCount(options.maxAcceptsPerSecond, 0, most, "Options::maxAcceptsPerSecond", "0 to 1,000,000,000");
    requireCount(options.maxAcceptsPerSecondPerPeer, 0, most, "Options::maxAcceptsPerSecondPerPeer",
                 "0 to 1,000,000,000");
}

void checkTcp(const Options& options) {
    constexpr Duration longestProbe = std::chrono::seconds(32'767);
    for (const auto& [value, field] :
         {std::pair(options.tcpKeepAliveIdle, "Options::tcpKeepAliveIdle"),
          std::pair(options.tcpKeepAliveInterval, "Options::tcpKeepAliveInterval")}) {
        if (value != Duration::zero())
            requireTime(value, std::chrono::milliseconds(1), longestProbe, field, "0, or 1 ms to 32,767 s");
    }
    requireOption(options.tcpKeepAliveProbes >= 0 && options.tcpKeepAliveProbes <= 127,
                  "Options::tcpKeepAliveProbes", std::to_string(options.tcpKeepAliveProbes), "0 to 127");
    requireTimeOrNone(options.tcpUserTimeout, "Options::tcpUserTimeout");
    if (options.tcpLocalAddress.empty()) return;
    error_code ec;
    boost::asio::ip::make_address(options.tcpLocalAddress, ec);
    requireOption(!ec, "Options::tcpLocalAddress", options.tcpLocalAddress, "an IPv4 or IPv6 literal");
}

/// Longer than any machine runs, and far from the end of the clock.
constexpr Duration endless = std::chrono::hours(24 * 365 * 100);

}  // namespace

Options checked(const Options& options) {
    constexpr std::size_t any = SIZE_MAX;
    constexpr Duration millisecond = std::chrono::milliseconds(1);
    requireCount(options.maxPoolMessages, 1, 16'777'216, "Options::maxPoolMessages", "1 to 16,777,216");
    // The default follows a smaller maxPoolMessages; an explicit value is checked.
    if (options.initialPoolMessages != Options().initialPoolMessages)
        requireCount(options.initialPoolMessages, 0, options.maxPoolMessages, "Options::initialPoolMessages",
                     "0 to maxPoolMessages");
    requireCount(options.maxChannels, 1, 65'534, "Options::maxChannels", "1 to 65,534");
    requireCount(options.sendQueueMessages, 1, any, "Options::sendQueueMessages", "1 or more");
    requireCount(options.sendQueueBytes, 1, any, "Options::sendQueueBytes", "1 or more");
    requireTime(options.connectTimeout, millisecond, "Options::connectTimeout", "1 ms or more");
    requireTime(options.helloTimeout, millisecond, "Options::helloTimeout", "1 ms or more");
    requireTime(options.byeTimeout, millisecond, "Options::byeTimeout", "1 ms or more");
    requireTime(options.lingerTimeout, "Options::lingerTimeout");
    requireTime(options.busyPoll, "Options::busyPoll");
    requireTimeOrNone(options.frameTimeout, "Options::frameTimeout");
    requireTimeOrNone(options.writeTimeout, "Options::writeTimeout");
    requireTimeOrNone(options.stallWarning, "Options::stallWarning");
    checkTcp(options);
    checkAcceptRates(options);
    requireNotNegative(options.sendBufferBytes, "Options::sendBufferBytes");
    requireNotNegative(options.receiveBufferBytes, "Options::receiveBufferBytes");
    requireOption(options.listenBacklog >= 1, "Options::listenBacklog", std::to_string(options.listenBacklog),
                  "1 or more");
    Options usable = options;
    usable.initialPoolMessages = std::min(options.initialPoolMessages, options.maxPoolMessages);
    for (Duration* time :
         {&usable.connectTimeout, &usable.helloTimeout, &usable.byeTimeout, &usable.lingerTimeout,
          &usable.busyPoll, &usable.frameTimeout, &usable.writeTimeout, &usable.stallWarning})
        *time = std::min(*time, endless);
    return usable;
}

}  // namespace tempeh::core
