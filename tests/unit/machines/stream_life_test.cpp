#include "machines/stream_life.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tempeh::machines {
namespace {

using Phase = StreamLife::Phase;
using Loop = StreamLife::Loop;

constexpr Loop allLoops[] = {Loop::Connect, Loop::Read, Loop::Write};

/// A life in each phase, with no coroutine.
std::vector<StreamLife> streamLives() {
    std::vector<StreamLife> all;
    StreamLife life;
    all.push_back(life);
    life.begin();
    all.push_back(life);
    life.awaitWriter();
    all.push_back(life);
    life.linger();
    all.push_back(life);
    life.close();
    all.push_back(life);
    life.release();
    all.push_back(life);
    return all;
}

TEST(StreamLife, GoesThroughItsPhases) {
    const std::vector<StreamLife> all = streamLives();
    ASSERT_EQ(all.size(), 6U);
    for (std::size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(all[i].phase(), static_cast<Phase>(i));
}

TEST(StreamLife, WhatEachPhaseMeans) {
    for (const StreamLife& life : streamLives()) {
        const Phase phase = life.phase();
        const auto name = static_cast<int>(phase);
        EXPECT_EQ(life.isLive(), phase == Phase::New || phase == Phase::Live) << name;
        EXPECT_EQ(life.isRegistered(), phase != Phase::New && phase != Phase::Released) << name;
        const bool reads = phase == Phase::New || phase == Phase::Live || phase == Phase::Lingering;
        EXPECT_EQ(life.hasStoppedReading(), !reads) << name;
    }
}

TEST(StreamLife, EveryEventInEveryPhase) {
    for (const StreamLife& life : streamLives()) {
        const Phase phase = life.phase();
        const auto name = static_cast<int>(phase);
        const auto after = [&life](auto event) {
            StreamLife copy = life;
            event(copy);
            return copy.phase();
        };
        EXPECT_EQ(after([](StreamLife& l) { l.begin(); }), phase == Phase::New ? Phase::Live : phase) << name;
        EXPECT_EQ(after([](StreamLife& l) { l.awaitWriter(); }), phase <= Phase::Live ? Phase::Ending : phase)
            << name;
        EXPECT_EQ(after([](StreamLife& l) { l.linger(); }),
                  phase < Phase::Lingering ? Phase::Lingering : phase)
            << name;
        EXPECT_EQ(after([](StreamLife& l) { l.abandon(); }), Phase::Released) << name;
        const bool isOpen = phase < Phase::Gone;
        EXPECT_EQ(StreamLife(life).close(), isOpen) << name << ": to be closed once";
        const Phase closed = phase == Phase::New ? Phase::Released : Phase::Gone;
        EXPECT_EQ(after([](StreamLife& l) { l.close(); }), isOpen ? closed : phase) << name;
        EXPECT_EQ(StreamLife(life).release(), phase == Phase::Gone) << name;
        EXPECT_EQ(after([](StreamLife& l) { l.release(); }), phase == Phase::Gone ? Phase::Released : phase)
            << name;
    }
}

TEST(StreamLife, IsReleasedOnceWhenNoCoroutineUsesIt) {
    StreamLife life;
    life.begin();
    for (const Loop loop : allLoops)
        life.started(loop);
    EXPECT_FALSE(life.release()) << "not closed";
    EXPECT_TRUE(life.close());
    for (const Loop loop : allLoops) {
        EXPECT_TRUE(life.runs(loop));
        EXPECT_FALSE(life.release()) << "one runs";
        life.stopped(loop);
        EXPECT_FALSE(life.runs(loop));
    }
    EXPECT_TRUE(life.release());
    EXPECT_FALSE(life.release());
}

TEST(StreamLife, ACoroutineThatStopsLeavesTheOthersAlone) {
    for (const Loop one : allLoops)
        for (const Loop other : allLoops) {
            StreamLife life;
            life.started(one);
            life.stopped(other);
            EXPECT_EQ(life.runs(one), one != other);
        }
}

}  // namespace
}  // namespace tempeh::machines
