#include "machines/read_gate.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tempeh::machines {
namespace {

using Reading = ReadGate::Reading;
using WishAction = ReadGate::WishAction;
using BlockedAction = ReadGate::BlockedAction;

constexpr ReadWish allWishes[] = {ReadWish::Normal, ReadWish::Urgent, ReadWish::Paused};

struct GateScene {
    std::string name;
    ReadGate gate;
};

/// Every wish with everything the socket can be at then.
std::vector<GateScene> gateScenes() {
    std::vector<GateScene> all;
    for (const ReadWish wish : allWishes) {
        const std::string name = "wish " + std::to_string(static_cast<int>(wish));
        ReadGate on;
        on.onWish(wish, false);
        all.push_back({name + ", reads", on});
        ReadGate blocked = on;
        blocked.onBlocked();
        all.push_back({name + ", blocked", blocked});
        ReadGate again;  // waits for the pool because the wish changed
        again.onWish(ReadWish::Paused, false);
        again.onBlocked();
        again.onWish(wish, false);
        all.push_back({name + ", was stopped", again});
    }
    return all;
}

WishAction expectedOfWish(const ReadGate& gate, ReadWish wish) {
    if (gate.wish() == wish) return WishAction::Nothing;
    const bool awaitsPool = gate.reading() == Reading::AwaitsPool;
    if (wish == ReadWish::Paused) return awaitsPool ? WishAction::LeavePool : WishAction::GoDeaf;
    if (gate.reading() == Reading::On) return gate.isUnwanted() ? WishAction::Hear : WishAction::Nothing;
    if (awaitsPool && wish == ReadWish::Normal) return WishAction::Nothing;  // its turn comes
    return WishAction::TryAgain;
}

TEST(ReadGate, EveryWishInEveryState) {
    for (const GateScene& scene : gateScenes())
        for (const ReadWish wish : allWishes) {
            ReadGate gate = scene.gate;
            const WishAction expected = expectedOfWish(scene.gate, wish);
            EXPECT_EQ(gate.onWish(wish, false), expected) << scene.name << static_cast<int>(wish);
            EXPECT_EQ(gate.wish(), wish);
            Reading reading = scene.gate.reading();
            if (expected == WishAction::LeavePool) reading = Reading::Stopped;
            if (expected == WishAction::TryAgain) reading = Reading::AwaitsPool;
            EXPECT_EQ(gate.reading(), reading) << scene.name << static_cast<int>(wish);
        }
}

TEST(ReadGate, AWishMeansNothingWhenItIsOver) {
    for (const GateScene& scene : gateScenes())
        for (const ReadWish wish : allWishes) {
            ReadGate gate = scene.gate;
            EXPECT_EQ(gate.onWish(wish, true), WishAction::Nothing) << scene.name;
            EXPECT_EQ(gate.reading(), scene.gate.reading()) << scene.name;
            EXPECT_EQ(gate.wish(), wish) << "what is shown of it";
        }
}

TEST(ReadGate, AFrameThatCannotBeTakenInEveryState) {
    for (const GateScene& scene : gateScenes()) {
        ReadGate gate = scene.gate;
        BlockedAction expected = scene.gate.isUnwanted() ? BlockedAction::Stop : BlockedAction::AskPool;
        if (scene.gate.isPaused()) expected = BlockedAction::Nothing;
        EXPECT_EQ(gate.onBlocked(), expected) << scene.name;
        EXPECT_TRUE(gate.isPaused() && gate.isDeaf()) << scene.name;
        EXPECT_EQ(gate.onBlocked(), BlockedAction::Nothing) << scene.name << ": once";
    }
}

TEST(ReadGate, ReadsAgainWhenItsTurnComesAndWhenItIsOver) {
    for (const GateScene& scene : gateScenes()) {
        ReadGate back = scene.gate;
        back.onPoolBack();
        EXPECT_EQ(back.reading(), Reading::On) << scene.name;
        EXPECT_EQ(back.isDeaf(), scene.gate.isUnwanted()) << scene.name;
        ReadGate over = scene.gate;
        over.onOver();
        EXPECT_FALSE(over.isPaused()) << scene.name;
    }
}

TEST(ReadGate, AsksThePoolOnlyWhenItsWishWaitsForIt) {
    for (const GateScene& scene : gateScenes()) {
        EXPECT_EQ(scene.gate.isUrgent(), scene.gate.wish() == ReadWish::Urgent) << scene.name;
        EXPECT_EQ(scene.gate.isUnwanted(), scene.gate.wish() == ReadWish::Paused) << scene.name;
        EXPECT_EQ(scene.gate.isDeaf(), scene.gate.isUnwanted() || scene.gate.isPaused()) << scene.name;
        // Stopped by the application alone: a new wish brings it back. Else the pool does.
        if (scene.gate.reading() == Reading::Stopped) {
            EXPECT_TRUE(scene.gate.isUnwanted()) << scene.name;
        }
    }
}

}  // namespace
}  // namespace tempeh::machines
