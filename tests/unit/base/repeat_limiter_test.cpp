#include "base/repeat_limiter.hpp"

#include <gtest/gtest.h>

namespace tempeh::base {
namespace {

using namespace std::chrono_literals;

constexpr RepeatLimiter::Clock::time_point start{1h};

TEST(RepeatLimiter, LetsTheFirstPassAtOnce) {
    RepeatLimiter limiter(10s);
    EXPECT_EQ(limiter.pass(RepeatLimiter::Clock::time_point{}), 0U);
}

TEST(RepeatLimiter, HoldsBackUntilTheIntervalIsOverAndTellsHowMany) {
    RepeatLimiter limiter(10s);
    EXPECT_TRUE(limiter.pass(start));
    for (int i = 0; i < 5; ++i)
        EXPECT_FALSE(limiter.pass(start + 9s));
    EXPECT_EQ(limiter.pass(start + 10s), 5U);
    EXPECT_FALSE(limiter.pass(start + 19s));
    EXPECT_EQ(limiter.pass(start + 20s), 1U);
}

TEST(RepeatLimiter, IsNotKeptBusyByWhatItHoldsBack) {
    RepeatLimiter limiter(10s);
    EXPECT_TRUE(limiter.pass(start));
    int passed = 0;
    for (auto now = start; now <= start + 100s; now += 1s)
        passed += limiter.pass(now) ? 1 : 0;
    EXPECT_EQ(passed, 10);
}

}  // namespace
}  // namespace tempeh::base
