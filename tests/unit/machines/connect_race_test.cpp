#include "machines/connect_race.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace tempeh::machines {
namespace {

using namespace std::chrono_literals;
using Action = ConnectRace::Action;

const ConnectRace::TimePoint begin{1h};

void expectStart(ConnectRace& race, std::size_t candidate, ConnectRace::TimePoint now) {
    const ConnectRace::Step step = race.next(now);
    EXPECT_EQ(step.action, Action::Start);
    EXPECT_EQ(step.candidate, candidate);
}

void expectWait(ConnectRace& race, ConnectRace::TimePoint until, ConnectRace::TimePoint now) {
    const ConnectRace::Step step = race.next(now);
    EXPECT_EQ(step.action, Action::Wait);
    EXPECT_EQ(step.until, until);
}

TEST(ConnectRace, ASilentCandidateHoldsUpTheNextForAQuarterOfASecond) {
    ConnectRace race(2);
    expectStart(race, 0, begin);
    expectWait(race, begin + 250ms, begin);
    expectWait(race, begin + 250ms, begin + 249ms);
    expectStart(race, 1, begin + 250ms);
    expectWait(race, ConnectRace::TimePoint::max(), begin + 250ms);
}

TEST(ConnectRace, AFailureStartsTheNextAtOnce) {
    ConnectRace race(3);
    expectStart(race, 0, begin);
    race.onFailed(0);
    expectStart(race, 1, begin + 1ms);
    expectWait(race, begin + 251ms, begin + 2ms);
    expectStart(race, 2, begin + 251ms);
    race.onFailed(1);
    expectWait(race, ConnectRace::TimePoint::max(), begin + 252ms);
    race.onFailed(2);
    EXPECT_EQ(race.next(begin + 253ms).action, Action::Lost);
}

TEST(ConnectRace, AFailureOfTheFirstDoesNotEndTheSecond) {
    ConnectRace race(2);
    expectStart(race, 0, begin);
    expectStart(race, 1, begin + 1s);
    race.onFailed(0);
    race.onFailed(0);  // said twice
    expectWait(race, ConnectRace::TimePoint::max(), begin + 2s);
}

TEST(ConnectRace, WithoutCandidatesItIsLost) {
    ConnectRace race(0);
    EXPECT_EQ(race.next(begin).action, Action::Lost);
}

TEST(ConnectRace, HoldsABoundedNumberOfDescriptors) {
    ConnectRace race(ConnectRace::mostAtOnce + 2);
    ConnectRace::TimePoint now = begin;
    for (std::size_t i = 0; i != ConnectRace::mostAtOnce; ++i, now += 250ms)
        expectStart(race, i, now);
    for (const std::size_t oldest : {0U, 1U}) {
        const ConnectRace::Step step = race.next(now);
        EXPECT_EQ(step.action, Action::GiveUp);
        EXPECT_EQ(step.candidate, oldest);
        race.onFailed(oldest);  // the caller says so; it counts no more
        expectStart(race, ConnectRace::mostAtOnce + oldest, now);
        now += 250ms;
    }
    expectWait(race, ConnectRace::TimePoint::max(), now);
}

TEST(ConnectRace, FamiliesTakeTurnsInTheResolversOrder) {
    constexpr std::array mixed{6, 6, 6, 4, 4};
    EXPECT_THAT(interleavedByFamily(mixed), testing::ElementsAre(0, 3, 1, 4, 2));
    constexpr std::array fourFirst{4, 6, 6};
    EXPECT_THAT(interleavedByFamily(fourFirst), testing::ElementsAre(0, 1, 2));
    constexpr std::array same{4, 4};
    EXPECT_THAT(interleavedByFamily(same), testing::ElementsAre(0, 1));
    EXPECT_TRUE(interleavedByFamily({}).empty());
}

}  // namespace
}  // namespace tempeh::machines
