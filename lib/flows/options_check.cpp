#include "flows/options_check.hpp"

#include "message/option_check.hpp"

#include <limits>
#include <string>

namespace tempeh::flows::detail {

using tempeh::detail::requireCount;
using tempeh::detail::requireNumber;
using tempeh::detail::requireOption;
using tempeh::detail::requireTime;

namespace {

void checkBackoff(const Backoff& backoff) {
    requireTime(backoff.initial, "Backoff::initial");
    requireNumber(backoff.factor, 1, std::numeric_limits<double>::infinity(), "Backoff::factor", "1 or more");
    requireTime(backoff.max, "Backoff::max");
    requireNumber(backoff.jitter, 0, 1, "Backoff::jitter", "0 to 1");
}

}  // namespace

void check(const ConnectOptions& options) {
    requireOption(options.attempts >= 0, "ConnectOptions::attempts", std::to_string(options.attempts),
                  "0 or more");
    checkBackoff(options.backoff);
    requireTime(options.timeout, "ConnectOptions::timeout");
}

void check(const ReconnectOptions& options) {
    checkBackoff(options.backoff);
    requireTime(options.attemptTimeout, std::chrono::milliseconds(1), "ReconnectOptions::attemptTimeout",
                "1 ms or more");
    check(options.heartbeat);
    requireNumber(options.retryBudget.perAnswer, 0, 1000, "RetryBudget::perAnswer", "0 to 1,000");
}

void check(const ServerOptions& options) {
    requireTime(options.authorizeTimeout, std::chrono::milliseconds(1), "ServerOptions::authorizeTimeout",
                "1 ms or more");
    requireCount(options.maxAuthorizing, 1, std::numeric_limits<std::size_t>::max(),
                 "ServerOptions::maxAuthorizing", "1 or more");
}

void check(const HeartbeatOptions& options) {
    requireTime(options.interval, "HeartbeatOptions::interval");
    requireTime(options.silence, "HeartbeatOptions::silence");
}

void check(const StreamOptions& options) {
    requireCount(options.partBytes, 1, 65'535, "StreamOptions::partBytes", "1 to 65,535");
    requireTime(options.patience, "StreamOptions::patience");
}

void check(const CircuitBreakerOptions& options) {
    constexpr std::size_t any = std::numeric_limits<std::size_t>::max();
    requireCount(options.failureThreshold, 1, any, "CircuitBreakerOptions::failureThreshold", "1 or more");
    requireTime(options.recoveryTimeout, "CircuitBreakerOptions::recoveryTimeout");
    requireCount(options.successThreshold, 1, any, "CircuitBreakerOptions::successThreshold", "1 or more");
    requireCount(options.halfOpenProbes, 1, any, "CircuitBreakerOptions::halfOpenProbes", "1 or more");
}

}  // namespace tempeh::flows::detail
