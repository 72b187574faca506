#include "flows/peer/heartbeat_signals.hpp"

#include <gtest/gtest.h>

namespace tempeh::flows::detail {
namespace {

TEST(HeartbeatSignals, AreThatHeaderAndNothingElse) {
    Message signal;
    EXPECT_FALSE(isPing(signal));
    signal.textHeaders.append(heartbeatHeader, heartbeatPing);
    EXPECT_TRUE(isPing(signal));
    EXPECT_FALSE(isPong(signal));
    signal.textHeaders.set(heartbeatHeader, heartbeatPong);
    EXPECT_TRUE(isPong(signal));
    signal.body.append("news");
    EXPECT_FALSE(isPong(signal));
}

TEST(HeartbeatSignals, WithAnotherHeaderAreTheApplications) {
    Message signal;
    signal.textHeaders.append(heartbeatHeader, heartbeatPing);
    signal.textHeaders.append("more", "1");
    EXPECT_FALSE(isPing(signal));
}

}  // namespace
}  // namespace tempeh::flows::detail
