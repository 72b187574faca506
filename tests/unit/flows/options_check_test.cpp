#include "flows/options_check.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

namespace tempeh::flows::detail {
namespace {

using namespace std::chrono_literals;

template <typename Options>
std::string complaintAbout(const Options& options) {
    try {
        check(options);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Status::InvalidOption);
        return std::string(error.detail());
    }
    return {};
}

TEST(FlowsOptionsCheck, TakesTheDefaultsAndTheEnds) {
    EXPECT_EQ(complaintAbout(ConnectOptions()), "");
    EXPECT_EQ(complaintAbout(ConnectOptions{.attempts = 0, .timeout = infinite}), "");
    EXPECT_EQ(complaintAbout(ReconnectOptions()), "");
    EXPECT_EQ(complaintAbout(HeartbeatOptions()), "");
    EXPECT_EQ(complaintAbout(HeartbeatOptions{.interval = infinite, .silence = 0s}), "");
    EXPECT_EQ(complaintAbout(StreamOptions()), "");
    EXPECT_EQ(complaintAbout(CircuitBreakerOptions()), "");
    EXPECT_EQ(complaintAbout(CircuitBreakerOptions{.failureThreshold = 1, .recoveryTimeout = 0s}), "");
    EXPECT_EQ(complaintAbout(StreamOptions{.partBytes = 1, .windowParts = 0, .patience = 0s}), "");
}

TEST(FlowsOptionsCheck, NamesFieldValueAndRange) {
    EXPECT_EQ(complaintAbout(ConnectOptions{.attempts = -1}),
              "ConnectOptions::attempts = -1, must be 0 or more");
    EXPECT_EQ(complaintAbout(ConnectOptions{.timeout = -1500us}),
              "ConnectOptions::timeout = -1.5 ms, must be 0 or more");
    EXPECT_EQ(complaintAbout(ReconnectOptions{.attemptTimeout = 0s}),
              "ReconnectOptions::attemptTimeout = 0 ms, must be 1 ms or more");
    EXPECT_EQ(complaintAbout(ReconnectOptions{.retryBudget = {.tokens = 1, .perAnswer = -0.5}}),
              "RetryBudget::perAnswer = -0.5, must be 0 to 1,000");
    EXPECT_EQ(complaintAbout(HeartbeatOptions{.interval = -1ms}),
              "HeartbeatOptions::interval = -1 ms, must be 0 or more");
    EXPECT_EQ(complaintAbout(HeartbeatOptions{.silence = -1s}),
              "HeartbeatOptions::silence = -1000 ms, must be 0 or more");
    EXPECT_EQ(complaintAbout(StreamOptions{.partBytes = 0}),
              "StreamOptions::partBytes = 0, must be 1 to 65,535");
    EXPECT_EQ(complaintAbout(StreamOptions{.partBytes = 65'536}),
              "StreamOptions::partBytes = 65536, must be 1 to 65,535");
    EXPECT_EQ(complaintAbout(CircuitBreakerOptions{.failureThreshold = 0}),
              "CircuitBreakerOptions::failureThreshold = 0, must be 1 or more");
    EXPECT_EQ(complaintAbout(CircuitBreakerOptions{.recoveryTimeout = -1s}),
              "CircuitBreakerOptions::recoveryTimeout = -1000 ms, must be 0 or more");
    EXPECT_EQ(complaintAbout(CircuitBreakerOptions{.successThreshold = 0}),
              "CircuitBreakerOptions::successThreshold = 0, must be 1 or more");
    EXPECT_EQ(complaintAbout(CircuitBreakerOptions{.halfOpenProbes = 0}),
              "CircuitBreakerOptions::halfOpenProbes = 0, must be 1 or more");
    EXPECT_EQ(complaintAbout(StreamOptions{.patience = -1ms}),
              "StreamOptions::patience = -1 ms, must be 0 or more");
}

TEST(FlowsOptionsCheck, LooksAtWhatIsInside) {
    EXPECT_EQ(complaintAbout(ConnectOptions{.backoff = {.initial = -1ms}}),
              "Backoff::initial = -1 ms, must be 0 or more");
    EXPECT_EQ(complaintAbout(ConnectOptions{.backoff = {.factor = 0.5}}),
              "Backoff::factor = 0.5, must be 1 or more");
    EXPECT_EQ(complaintAbout(ReconnectOptions{.backoff = {.max = -1s}}),
              "Backoff::max = -1000 ms, must be 0 or more");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(complaintAbout(ReconnectOptions{.backoff = {.jitter = 1.5}}),
              "Backoff::jitter = 1.5, must be 0 to 1");
    EXPECT_EQ(complaintAbout(ReconnectOptions{.backoff = {.jitter = nan}}),
              "Backoff::jitter = nan, must be 0 to 1");
    EXPECT_EQ(complaintAbout(ReconnectOptions{.heartbeat = {.interval = -1ms}}),
              "HeartbeatOptions::interval = -1 ms, must be 0 or more");
}

}  // namespace
}  // namespace tempeh::flows::detail
