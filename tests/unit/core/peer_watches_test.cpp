#include "core/channel/peer_watches.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tempeh::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A peer in time that the test lets pass.
class WatchedPeer : public PeerWatches::Owner {
public:
    machines::FrameProgress::Facts frameFacts() const noexcept override { return frame; }
    machines::WriteProgress::Facts writeFacts() const noexcept override { return write; }
    Duration lateness() const noexcept override { return late; }
    void setDeadline(Deadline& deadline, Duration timeout) noexcept override {
        deadlines_.set(deadline, now_ + timeout);
    }
    void acknowledgeNow() noexcept override { ++acknowledged; }
    void onFrameTimeout() noexcept override {
        ++frameTimeouts;
        watches.reset();
    }
    void onWriteTimeout() noexcept override {
        ++writeTimeouts;
        watches.reset();
    }

    /// `steps` times, so that what a look arranges comes in its turn.
    void pass(Duration step, int steps = 1) {
        for (int i = 0; i < steps; ++i) {
            now_ += step;
            deadlines_.runExpired(now_);
        }
    }

private:
    TimePoint now_{seconds(1)};
    Deadlines deadlines_;

public:
    machines::FrameProgress::Facts frame{.isMidFrame = true, .frames = 3, .bytesIn = 16};
    machines::WriteProgress::Facts write{.isBlocked = true, .writes = 5};
    Duration late{};
    int acknowledged = 0, frameTimeouts = 0, writeTimeouts = 0;
    std::unique_ptr<PeerWatches> watches = std::make_unique<PeerWatches>(*this);
};

TEST(PeerWatches, AFrameThatStandsStillTimesOutAtTheSecondLook) {
    WatchedPeer peer;
    peer.watches->watchFrame(seconds(8));
    EXPECT_TRUE(peer.watches->watchesFrame());
    peer.pass(seconds(8));
    EXPECT_EQ(peer.frameTimeouts, 0);
    peer.pass(milliseconds(999));
    EXPECT_EQ(peer.frameTimeouts, 0);
    peer.pass(milliseconds(1));
    EXPECT_EQ(peer.frameTimeouts, 1);
}

TEST(PeerWatches, AFrameThatMovesIsWatchedForAsLongAsItTakes) {
    WatchedPeer peer;
    peer.watches->watchFrame(seconds(8));
    for (int i = 0; i < 20; ++i) {
        peer.frame.bytesIn += machines::FrameProgress::leastBytes;
        peer.pass(seconds(8));
        EXPECT_TRUE(peer.watches->watchesFrame());
    }
    peer.pass(seconds(9), 2);
    EXPECT_EQ(peer.frameTimeouts, 1);
}

TEST(PeerWatches, AFrameThatIsWatchedAlreadyGetsNoMoreTime) {
    WatchedPeer peer;
    peer.watches->watchFrame(seconds(8));
    peer.pass(seconds(7));
    peer.frame.bytesIn += 100;
    peer.watches->watchFrame(seconds(8));
    peer.pass(seconds(1));
    peer.pass(seconds(1));
    EXPECT_EQ(peer.frameTimeouts, 1);
}

TEST(PeerWatches, NothingIsSaidOfAWholeFrame) {
    WatchedPeer peer;
    peer.watches->watchFrame(seconds(8));
    peer.frame.isMidFrame = false;
    peer.pass(seconds(8));
    EXPECT_FALSE(peer.watches->watchesFrame());
    peer.pass(seconds(8), 3);
    EXPECT_EQ(peer.frameTimeouts, 0);
}

TEST(PeerWatches, ALateLookIsNoEvidence) {
    WatchedPeer peer;
    peer.late = seconds(2);
    peer.watches->watchFrame(seconds(8));
    peer.pass(seconds(10), 5);
    EXPECT_EQ(peer.frameTimeouts, 0);
    peer.late = seconds(1);  // within the share of the second look
    peer.pass(seconds(1));
    EXPECT_EQ(peer.frameTimeouts, 1);
}

TEST(PeerWatches, APeerThatTakesNothingTimesOut) {
    WatchedPeer peer;
    peer.watches->watchWriting(seconds(8));
    peer.pass(seconds(8));
    peer.write.writes = 6;
    peer.pass(seconds(1));
    EXPECT_EQ(peer.writeTimeouts, 0) << "it took something between the looks";
    peer.pass(seconds(8));
    peer.pass(seconds(1));
    EXPECT_EQ(peer.writeTimeouts, 1);
}

TEST(PeerWatches, WithoutAPeriodNothingIsWatched) {
    WatchedPeer peer;
    peer.watches->watchFrame(Duration::zero());
    peer.watches->watchWriting(Duration::zero());
    EXPECT_FALSE(peer.watches->watchesFrame());
    peer.pass(seconds(1000), 3);
    EXPECT_EQ(peer.frameTimeouts + peer.writeTimeouts, 0);
}

TEST(PeerWatches, StoppedTheyAreSilentUntilTheyBeginAnew) {
    for (const bool isCleared : {false, true}) {
        WatchedPeer peer;
        peer.watches->watchFrame(seconds(8));
        peer.watches->watchWriting(seconds(8));
        peer.watches->onPart(true);
        if (isCleared)
            peer.watches->clear();
        else
            peer.watches->stop();
        EXPECT_FALSE(peer.watches->watchesFrame());
        peer.pass(seconds(9), 3);
        EXPECT_EQ(peer.frameTimeouts + peer.writeTimeouts + peer.acknowledged, 0);
        peer.watches->watchFrame(seconds(8));
        peer.pass(seconds(8));
        peer.pass(seconds(1));
        EXPECT_EQ(peer.frameTimeouts, 1);
    }
}

TEST(PeerWatches, APeerThatWaitsInTheMiddleOfAFrameIsAcknowledged) {
    WatchedPeer peer;
    peer.watches->onPart(true);
    EXPECT_EQ(peer.acknowledged, 0);
    peer.pass(milliseconds(1));
    EXPECT_EQ(peer.acknowledged, 1);
    peer.watches->onPart(true);
    EXPECT_EQ(peer.acknowledged, 2) << "at once, from then on";
}

TEST(PeerWatches, APeerWhoseFramesGoOnIsNotLookedAtForLong) {
    WatchedPeer peer;
    for (int i = 0; i < machines::PartHabit::looksAtMost; ++i) {
        EXPECT_TRUE(peer.watches->mayTellOfParts());
        peer.watches->onPart(true);
        ++peer.frame.frames;
        peer.pass(milliseconds(1));
    }
    EXPECT_FALSE(peer.watches->mayTellOfParts());
    EXPECT_EQ(peer.acknowledged, 0);
}

}  // namespace
}  // namespace tempeh::core
