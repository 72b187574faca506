// A moment that several threads bring nearer at once: the nearest wins.

#include "core/group/armed_moment.hpp"

#include "support/scale.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

using namespace std::chrono_literals;

TEST(ArmedMomentRaces, TheNearestWinsAndSomebodyIsToldToSeeToIt) {
    constexpr std::size_t threadCount = 3;
    core::ArmedMoment moment;
    std::array<TimePoint, threadCount> wanted{};
    std::array<bool, threadCount> mustArm{};
    std::barrier gate(threadCount + 1);
    const std::uint64_t rounds = scaled(20'000);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < threadCount; ++i)
        threads.emplace_back([&, i] {
            for (std::uint64_t round = 0; round < rounds; ++round) {
                gate.arrive_and_wait();
                mustArm[i] = moment.bringForward(wanted[i]);
                gate.arrive_and_wait();
            }
        });
    std::minstd_rand random(1);
    for (std::uint64_t round = 0; round < rounds; ++round) {
        moment.clear();
        for (TimePoint& when : wanted)
            when = TimePoint() + std::chrono::milliseconds(random() % 1000);
        gate.arrive_and_wait();
        gate.arrive_and_wait();
        const auto nearest = std::min_element(wanted.begin(), wanted.end());
        EXPECT_EQ(moment.get(), *nearest);
        bool isToldOfNearest = false;
        for (std::size_t i = 0; i < threadCount; ++i)
            isToldOfNearest |= mustArm[i] && wanted[i] == *nearest;
        EXPECT_TRUE(isToldOfNearest);
    }
}

TEST(ArmedMoment, ComesNearerOnly) {
    core::ArmedMoment moment;
    EXPECT_EQ(moment.get(), TimePoint::max());
    EXPECT_FALSE(moment.bringForward(TimePoint::max()));
    EXPECT_TRUE(moment.bringForward(TimePoint() + 2s));
    EXPECT_FALSE(moment.bringForward(TimePoint() + 2s));
    EXPECT_FALSE(moment.bringForward(TimePoint() + 3s));
    EXPECT_EQ(moment.get(), TimePoint() + 2s);
    EXPECT_TRUE(moment.bringForward(TimePoint() + 1s));
    moment.clear();
    EXPECT_EQ(moment.get(), TimePoint::max());
}

}  // namespace
}  // namespace tempeh::test
