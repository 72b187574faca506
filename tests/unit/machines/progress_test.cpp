#include "machines/progress.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace tempeh::machines {
namespace {

using Look = ProgressVerdict;
using PartAction = PartHabit::Action;

constexpr std::size_t leastBytes = FrameProgress::leastBytes;

/// The second look is due, the first found nothing.
FrameProgress suspectedFrame() {
    FrameProgress frame;
    frame.begin(10, 100);
    EXPECT_EQ(frame.onDeadline({.isMidFrame = true, .frames = 10, .bytesIn = 100}), Look::LookAgain);
    return frame;
}

TEST(FrameProgress, EveryLookWithAllThatMattersForIt) {
    for (const bool isSecond : {false, true})
        for (unsigned bits = 0; bits < 64; ++bits) {
            const auto is = [bits](unsigned bit) { return (bits >> bit & 1U) != 0; };
            FrameProgress::Facts facts;
            facts.isOver = is(0);
            facts.isDeaf = is(1);
            facts.isMidFrame = is(2);
            facts.isLate = is(3);
            const bool hasNewFrame = is(4);
            const bool hasBytes = is(5);
            facts.frames = hasNewFrame ? 11 : 10;
            facts.bytesIn = 100 + (hasBytes ? leastBytes : leastBytes - 1);
            FrameProgress frame = suspectedFrame();
            if (!isSecond) frame.begin(10, 100);
            ProgressVerdict expected = isSecond && !facts.isLate ? Look::TimedOut : Look::LookAgain;
            if (hasNewFrame || hasBytes) expected = Look::BeginAnew;
            if (facts.isOver || facts.isDeaf || !facts.isMidFrame) expected = Look::Nothing;
            EXPECT_EQ(frame.onDeadline(facts), expected) << isSecond << " " << bits;
            EXPECT_EQ(frame.isOn(), expected == Look::LookAgain) << isSecond << " " << bits;
        }
}

TEST(FrameProgress, WhatMovedIsSuspectedAnew) {
    FrameProgress frame = suspectedFrame();
    ASSERT_EQ(frame.onDeadline({.isMidFrame = true, .frames = 11, .bytesIn = 16}), Look::BeginAnew);
    EXPECT_FALSE(frame.isOn());
    frame.begin(11, 16);
    EXPECT_TRUE(frame.isOn());
    EXPECT_EQ(frame.onDeadline({.isMidFrame = true, .frames = 11, .bytesIn = 20}), Look::LookAgain);
    EXPECT_EQ(frame.onDeadline({.isMidFrame = true, .frames = 11, .bytesIn = 20}), Look::TimedOut);
}

TEST(FrameProgress, LateLooksProveNothingHoweverManyTheyAre) {
    FrameProgress frame;
    frame.begin(0, 16);
    for (int look = 0; look < 10; ++look)
        EXPECT_EQ(frame.onDeadline({.isMidFrame = true, .bytesIn = 16, .isLate = true}), Look::LookAgain);
    EXPECT_EQ(frame.onDeadline({.isMidFrame = true, .bytesIn = 16}), Look::TimedOut);
}

TEST(FrameProgress, StoppedIsForgotten) {
    FrameProgress frame = suspectedFrame();
    frame.stop();
    EXPECT_FALSE(frame.isOn());
    frame.begin(10, 100);
    EXPECT_EQ(frame.onDeadline({.isMidFrame = true, .frames = 10, .bytesIn = 100}), Look::LookAgain);
}

TEST(WriteProgress, EveryLookWithAllThatMattersForIt) {
    for (const bool isSecond : {false, true})
        for (unsigned bits = 0; bits < 16; ++bits) {
            const auto is = [bits](unsigned bit) { return (bits >> bit & 1U) != 0; };
            WriteProgress write;
            write.begin(5);
            if (isSecond) {
                ASSERT_EQ(write.onDeadline({.isBlocked = true, .writes = 5}), Look::LookAgain);
            }
            const WriteProgress::Facts facts{
                .isOver = is(0), .isBlocked = is(1), .writes = is(2) ? 6U : 5U, .isLate = is(3)};
            ProgressVerdict expected = isSecond && !facts.isLate ? Look::TimedOut : Look::LookAgain;
            if (facts.writes != 5) expected = Look::BeginAnew;
            if (facts.isOver || !facts.isBlocked) expected = Look::Nothing;
            EXPECT_EQ(write.onDeadline(facts), expected) << isSecond << " " << bits;
        }
}

TEST(PartHabit, IsAskedNothingWhereTheSystemAcknowledgesAtOnce) {
    PartHabit habit;
    EXPECT_EQ(habit.onPart(16, false), PartAction::Nothing);
    EXPECT_FALSE(habit.mayTell());
    EXPECT_EQ(habit.onPart(16, true), PartAction::Nothing);
}

TEST(PartHabit, AFrameThatStandsStillIsAcknowledgedFromThenOn) {
    PartHabit habit;
    ASSERT_EQ(habit.onPart(16, true), PartAction::Look);
    habit.begin(3, 16);
    EXPECT_EQ(habit.onPart(16, true), PartAction::Nothing) << "a look is due";
    EXPECT_EQ(habit.onDeadline({.isMidFrame = true, .frames = 3, .bytesIn = 16}), PartAction::Acknowledge);
    EXPECT_EQ(habit.habit(), PartHabit::Habit::Splits);
    EXPECT_EQ(habit.onPart(16, true), PartAction::Acknowledge);
    EXPECT_EQ(habit.onPart(PartHabit::segment, true), PartAction::Nothing) << "has more to send";
}

TEST(PartHabit, WhatWentOnByItselfOftenEnoughIsNotLookedAtAnyMore) {
    const FrameProgress::Facts moved[] = {{.isMidFrame = true, .frames = 3, .bytesIn = 17},
                                          {.isMidFrame = true, .frames = 4, .bytesIn = 16},
                                          {.isMidFrame = false, .frames = 3, .bytesIn = 16},
                                          {.isDeaf = true, .isMidFrame = true, .frames = 3, .bytesIn = 16}};
    for (const FrameProgress::Facts& facts : moved) {
        PartHabit habit;
        for (int look = 0; look < PartHabit::looksAtMost; ++look) {
            ASSERT_EQ(habit.onPart(16, true), PartAction::Look) << look;
            habit.begin(3, 16);
            EXPECT_EQ(habit.onDeadline(facts), PartAction::Nothing);
        }
        EXPECT_EQ(habit.habit(), PartHabit::Habit::Whole);
        EXPECT_EQ(habit.onPart(16, true), PartAction::Nothing);
    }
}

TEST(PartHabit, ALookAfterTheEndSaysNothing) {
    PartHabit habit;
    habit.begin(3, 16);
    EXPECT_EQ(habit.onDeadline({.isOver = true, .isMidFrame = true, .frames = 3, .bytesIn = 16}),
              PartAction::Nothing);
    EXPECT_EQ(habit.habit(), PartHabit::Habit::Unknown);
    habit.begin(3, 16);
    habit.stop();
    EXPECT_EQ(habit.onPart(16, true), PartAction::Look) << "the look that was due was given up";
}

}  // namespace
}  // namespace tempeh::machines
