#include "core/engine/options_check.hpp"

#include <tempeh/message/status.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace tempeh::core {
namespace {

using namespace std::chrono_literals;

std::string complaintAbout(const Options& options) {
    try {
        checked(options);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Status::InvalidOption);
        return error.what();
    }
    return {};
}

TEST(OptionsCheck, TakesTheDefaults) {
    EXPECT_EQ(complaintAbout({}), "");
}

TEST(OptionsCheck, TheInitialPoolFollowsASmallMaximum) {
    EXPECT_EQ(checked({.maxPoolMessages = 8}).initialPoolMessages, 8U);
    EXPECT_EQ(checked({.initialPoolMessages = 3, .maxPoolMessages = 8}).initialPoolMessages, 3U);
    EXPECT_EQ(complaintAbout({.initialPoolMessages = 9, .maxPoolMessages = 8}),
              "InvalidOption: An option is out of its range: Options::initialPoolMessages = 9, must be 0 to "
              "maxPoolMessages; give it a value in that range");
}

TEST(OptionsCheck, TimesOfWhichNoneMeansNever) {
    EXPECT_EQ(complaintAbout({.frameTimeout = 0s, .writeTimeout = 0s}), "");
    EXPECT_EQ(complaintAbout({.frameTimeout = 1ms, .writeTimeout = 1ms}), "");
    EXPECT_THAT(complaintAbout({.frameTimeout = 999us}), ::testing::HasSubstr("Options::frameTimeout"));
    EXPECT_THAT(complaintAbout({.writeTimeout = -1ms}), ::testing::HasSubstr("Options::writeTimeout"));
}

TEST(OptionsCheck, EndlessTimesStayFarFromTheEndOfTheClock) {
    constexpr auto most = std::chrono::steady_clock::duration::max();
    const Options usable = checked({.frameTimeout = most, .writeTimeout = most});
    const auto now = std::chrono::steady_clock::now();
    EXPECT_GT(now + usable.frameTimeout, now);
    EXPECT_GT(now + usable.writeTimeout + usable.writeTimeout, now);
}

TEST(OptionsCheck, LimitsOfWhichNoneMeansNone) {
    EXPECT_EQ(
        complaintAbout(
            {.maxConnectionsPerListener = 0, .maxConnectionsPerPeer = 0, .maxHandshakesPerListener = 0}),
        "");
}

TEST(OptionsCheck, RatesOfConnections) {
    EXPECT_EQ(complaintAbout({.maxAcceptsPerSecond = 0, .maxAcceptsPerSecondPerPeer = 1'000'000'000}), "");
    EXPECT_THAT(complaintAbout({.maxAcceptsPerSecond = 1'000'000'001}),
                ::testing::HasSubstr("Options::maxAcceptsPerSecond"));
    EXPECT_THAT(complaintAbout({.maxAcceptsPerSecondPerPeer = 1'000'000'001}),
                ::testing::HasSubstr("Options::maxAcceptsPerSecondPerPeer"));
}

}  // namespace
}  // namespace tempeh::core
