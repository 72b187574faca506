#include <tempeh/base/duration.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace tempeh {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

TEST(Timeout, IsTheLengthThatWasWritten) {
    EXPECT_EQ(Timeout(0s), Duration::zero());
    EXPECT_EQ(Timeout(1h), Duration(1h));
    EXPECT_EQ(Timeout(-3ms), Duration(-3ms));
    EXPECT_EQ(Timeout(duration<std::int8_t, std::milli>(-100)), Duration(-100ms));
    EXPECT_EQ(Timeout(duration<std::uint64_t, std::nano>(7)), Duration(7ns));
    EXPECT_EQ(Timeout(), Duration::zero());
    EXPECT_EQ(Timeout(infinite), infinite);
}

TEST(Timeout, IsInfiniteWhereADurationWouldOverflow) {
    EXPECT_EQ(Timeout(seconds::max()), infinite);
    EXPECT_EQ(Timeout(milliseconds::max()), infinite);
    EXPECT_EQ(Timeout(hours::max()), infinite);
    EXPECT_EQ(Timeout(years(1000)), infinite);
    EXPECT_EQ(Timeout(nanoseconds::max()), infinite);
    EXPECT_EQ(Timeout(duration<std::uint64_t, std::nano>(std::numeric_limits<std::uint64_t>::max())),
              infinite);
    EXPECT_EQ(Timeout(seconds::min()), Duration::min());
    constexpr auto longest = duration_cast<seconds>(Duration::max());
    EXPECT_EQ(Timeout(longest), Duration(longest));
    EXPECT_EQ(Timeout(longest + 1s), infinite);
}

TEST(Timeout, TakesPartInArithmetic) {
    constexpr Timeout timeout = 5s;
    static_assert(timeout == 5s && timeout < 6s);
    EXPECT_EQ(timeout * 2, Duration(10s));
    EXPECT_EQ(duration_cast<milliseconds>(timeout).count(), 5000);
}

TEST(TimeAfter, NeverComesForWhatIsLongerThanAnyMachineRuns) {
    const TimePoint now = TimePoint(Duration(12345s));
    EXPECT_EQ(timeAfter(now, 5s), now + 5s);
    EXPECT_EQ(timeAfter(now, infinite), TimePoint::max());
    EXPECT_EQ(timeAfter(now, infinite - 1ns), TimePoint::max());
    EXPECT_EQ(timeAfter(now, infinite / 2), TimePoint::max());
    EXPECT_EQ(timeAfter(now, Duration::min() + 1h), now + (Duration::min() + 1h));
}

}  // namespace
}  // namespace tempeh
