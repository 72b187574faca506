#include "flows/peer/heartbeat_machine.hpp"

#include <gtest/gtest.h>

namespace tempeh::flows::detail {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{};

HeartbeatMachine asking(Duration interval) {
    return {{.interval = interval, .silence = 0s}, start};
}
HeartbeatMachine listening(Duration silence) {
    return {{.interval = 0s, .silence = silence}, start};
}

TEST(HeartbeatMachine, AsksAtOnceAndThenEachInterval) {
    HeartbeatMachine machine = asking(10s);
    HeartbeatMachine::Step step = machine.onLook(start, 0);
    EXPECT_TRUE(step.asksPeer);
    EXPECT_EQ(step.next, start + 10s);
    step = machine.onLook(start + 9s, 0);
    EXPECT_FALSE(step.asksPeer);
    EXPECT_EQ(step.next, start + 10s);
    step = machine.onLook(start + 12s, 0);
    EXPECT_TRUE(step.asksPeer);
    EXPECT_EQ(step.next, start + 22s);
    EXPECT_FALSE(step.asksReading);
}

TEST(HeartbeatMachine, WithoutAnIntervalAndASilenceHasNothingToDo) {
    HeartbeatMachine machine({.interval = 0s, .silence = 0s}, start);
    const HeartbeatMachine::Step step = machine.onLook(start, 0);
    EXPECT_FALSE(step.asksPeer);
    EXPECT_FALSE(step.asksReading);
    EXPECT_EQ(step.next, TimePoint::max());
}

TEST(HeartbeatMachine, AnIntervalWithoutEndAsksOnce) {
    HeartbeatMachine machine = asking(infinite);
    EXPECT_TRUE(machine.onLook(start + 1h, 0).asksPeer);
    EXPECT_FALSE(machine.onLook(start + 2h, 0).asksPeer);
}

TEST(HeartbeatMachine, LooksFourTimesInASilence) {
    HeartbeatMachine machine = listening(8s);
    EXPECT_EQ(machine.onLook(start, 0).next, start + 2s);
    EXPECT_EQ(machine.onLook(start + 2s, 0).next, start + 4s);
}

/// Looks in time, each with that many messages received, until one asks how long this side has read.
TimePoint lookUntilSilent(HeartbeatMachine& machine, TimePoint from, std::uint64_t received) {
    HeartbeatMachine::Step step;
    TimePoint now = from;
    for (int looks = 0; looks < 100; ++looks, now = step.next) {
        step = machine.onLook(now, received);
        if (step.asksReading) return now;
    }
    return TimePoint::max();
}

TEST(HeartbeatMachine, TellsASilenceOnce) {
    HeartbeatMachine machine = listening(8s);
    const TimePoint silent = lookUntilSilent(machine, start, 0);
    EXPECT_EQ(silent, start + 8s);
    EXPECT_TRUE(machine.onSilence(8s));
    EXPECT_EQ(lookUntilSilent(machine, silent + 2s, 0), TimePoint::max());
}

TEST(HeartbeatMachine, EveryMessageIsASignOfLife) {
    HeartbeatMachine machine = listening(8s);
    for (TimePoint now = start; now < start + 1min; now += 2s)
        EXPECT_FALSE(machine.onLook(now, static_cast<std::uint64_t>((now - start) / 1s)).asksReading);
}

TEST(HeartbeatMachine, TellsTheNextSilenceAfterASignOfLife) {
    HeartbeatMachine machine = listening(8s);
    const TimePoint silent = lookUntilSilent(machine, start, 0);
    EXPECT_TRUE(machine.onSilence(1h));
    EXPECT_FALSE(machine.onLook(silent + 2s, 1).asksReading);
    EXPECT_EQ(lookUntilSilent(machine, silent + 4s, 1), silent + 10s);
}

TEST(HeartbeatMachine, DoesNotBlameAPeerThatThisSideHasNotRead) {
    HeartbeatMachine machine = listening(8s);
    const TimePoint silent = lookUntilSilent(machine, start, 0);
    EXPECT_FALSE(machine.onSilence(7999ms));
    EXPECT_TRUE(machine.onLook(silent + 2s, 0).asksReading);
    EXPECT_TRUE(machine.onSilence(8s));
}

TEST(HeartbeatMachine, ALateLookReadsFirst) {
    HeartbeatMachine machine = listening(8s);
    EXPECT_FALSE(machine.onLook(start, 0).asksReading);
    // This process stood still for an hour: what has come meanwhile was not counted yet.
    EXPECT_FALSE(machine.onLook(start + 1h, 0).asksReading);
    EXPECT_TRUE(machine.onLook(start + 1h + 2s, 0).asksReading);
}

TEST(HeartbeatMachine, ALateLookThatFindsAMessageSuspectsNobody) {
    HeartbeatMachine machine = listening(8s);
    EXPECT_FALSE(machine.onLook(start, 0).asksReading);
    EXPECT_FALSE(machine.onLook(start + 1h, 0).asksReading);
    EXPECT_FALSE(machine.onLook(start + 1h + 2s, 1).asksReading);
    // The next time it is late again: suspected anew.
    EXPECT_FALSE(machine.onLook(start + 2h, 1).asksReading);
    EXPECT_TRUE(machine.onLook(start + 2h + 2s, 1).asksReading);
}

}  // namespace
}  // namespace tempeh::flows::detail
