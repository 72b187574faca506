#include "flows/link/retry_delay.hpp"

#include <gtest/gtest.h>

namespace tempeh::flows::detail {
namespace {

using namespace std::chrono_literals;

TEST(RetryDelay, GrowsByItsFactorUpToTheMaximum) {
    RetryDelay delay({.initial = 10ms, .factor = 3.0, .max = 200ms, .jitter = 0.0});
    EXPECT_EQ(delay.next(), 10ms);
    EXPECT_EQ(delay.next(), 30ms);
    EXPECT_EQ(delay.next(), 90ms);
    EXPECT_EQ(delay.next(), 200ms);
    EXPECT_EQ(delay.next(), 200ms);
}

TEST(RetryDelay, BeginsAnewOnlyAfterWhatLastedAsLongAsThePauseBehindIt) {
    RetryDelay delay({.initial = 10ms, .factor = 3.0, .max = 200ms, .jitter = 0.0});
    delay.noteLasted(0ms);
    EXPECT_EQ(delay.next(), 10ms);
    delay.noteLasted(29ms);
    EXPECT_EQ(delay.next(), 30ms);
    delay.noteLasted(90ms);
    EXPECT_EQ(delay.next(), 10ms);
}

TEST(RetryDelay, TakesOffARandomPart) {
    RetryDelay delay({.initial = 100ms, .factor = 1.0, .jitter = 0.5, .seed = 1});
    Duration least = 100ms;
    Duration most = 0ms;
    for (int i = 0; i < 1000; ++i) {
        const Duration next = delay.next();
        ASSERT_GE(next, 50ms);
        ASSERT_LE(next, 100ms);
        least = std::min(least, next);
        most = std::max(most, next);
    }
    EXPECT_LT(least, 55ms);
    EXPECT_GT(most, 95ms);
}

TEST(RetryDelay, RepeatsWithItsSeed) {
    const Backoff backoff{.seed = 42};
    RetryDelay one(backoff);
    RetryDelay other(backoff);
    for (int i = 0; i < 20; ++i)
        ASSERT_EQ(one.next(), other.next());
}

TEST(RetryDelay, TakesAnyOptions) {
    RetryDelay delay({.initial = -1s, .factor = 0.0, .max = Duration::max(), .jitter = 7.0});
    for (int i = 0; i < 10; ++i)
        ASSERT_EQ(delay.next(), 0s);
    RetryDelay endless({.initial = 1h, .factor = 1e30, .max = Duration::max(), .jitter = 0.0});
    for (int i = 0; i < 10; ++i)
        ASSERT_GE(endless.next(), 1h);
}

}  // namespace
}  // namespace tempeh::flows::detail
