#include "core/peer_watches.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tempeh::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A connection in time that the test lets pass.
class Connection : public PeerWatches::Owner {
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
    Connection connection;
    connection.watches->watchFrame(seconds(8));
    EXPECT_TRUE(connection.watches->watchesFrame());
    connection.pass(seconds(8));
    EXPECT_EQ(connection.frameTimeouts, 0);
    connection.pass(milliseconds(999));
    EXPECT_EQ(connection.frameTimeouts, 0);
    connection.pass(milliseconds(1));
    EXPECT_EQ(connection.frameTimeouts, 1);
}

TEST(PeerWatches, AFrameThatMovesIsWatchedForAsLongAsItTakes) {
    Connection connection;
    connection.watches->watchFrame(seconds(8));
    for (int i = 0; i < 20; ++i) {
        connection.frame.bytesIn += machines::FrameProgress::leastBytes;
        connection.pass(seconds(8));
        EXPECT_TRUE(connection.watches->watchesFrame());
    }
    connection.pass(seconds(9), 2);
    EXPECT_EQ(connection.frameTimeouts, 1);
}

TEST(PeerWatches, AFrameThatIsWatchedAlreadyGetsNoMoreTime) {
    Connection connection;
    connection.watches->watchFrame(seconds(8));
    connection.pass(seconds(7));
    connection.frame.bytesIn += 100;
    connection.watches->watchFrame(seconds(8));
    connection.pass(seconds(1));
    connection.pass(seconds(1));
    EXPECT_EQ(connection.frameTimeouts, 1);
}

TEST(PeerWatches, NothingIsSaidOfAWholeFrame) {
    Connection connection;
    connection.watches->watchFrame(seconds(8));
    connection.frame.isMidFrame = false;
    connection.pass(seconds(8));
    EXPECT_FALSE(connection.watches->watchesFrame());
    connection.pass(seconds(8), 3);
    EXPECT_EQ(connection.frameTimeouts, 0);
}

TEST(PeerWatches, ALateLookIsNoEvidence) {
    Connection connection;
    connection.late = seconds(2);
    connection.watches->watchFrame(seconds(8));
    connection.pass(seconds(10), 5);
    EXPECT_EQ(connection.frameTimeouts, 0);
    connection.late = seconds(1);  // within the share of the second look
    connection.pass(seconds(1));
    EXPECT_EQ(connection.frameTimeouts, 1);
}

TEST(PeerWatches, APeerThatTakesNothingTimesOut) {
    Connection connection;
    connection.watches->watchWriting(seconds(8));
    connection.pass(seconds(8));
    connection.write.writes = 6;
    connection.pass(seconds(1));
    EXPECT_EQ(connection.writeTimeouts, 0) << "it took something between the looks";
    connection.pass(seconds(8));
    connection.pass(seconds(1));
    EXPECT_EQ(connection.writeTimeouts, 1);
}

TEST(PeerWatches, WithoutAPeriodNothingIsWatched) {
    Connection connection;
    connection.watches->watchFrame(Duration::zero());
    connection.watches->watchWriting(Duration::zero());
    EXPECT_FALSE(connection.watches->watchesFrame());
    connection.pass(seconds(1000), 3);
    EXPECT_EQ(connection.frameTimeouts + connection.writeTimeouts, 0);
}

TEST(PeerWatches, StoppedTheyAreSilentUntilTheyBeginAnew) {
    for (const bool isCleared : {false, true}) {
        Connection connection;
        connection.watches->watchFrame(seconds(8));
        connection.watches->watchWriting(seconds(8));
        connection.watches->onPart(true);
        if (isCleared)
            connection.watches->clear();
        else
            connection.watches->stop();
        EXPECT_FALSE(connection.watches->watchesFrame());
        connection.pass(seconds(9), 3);
        EXPECT_EQ(connection.frameTimeouts + connection.writeTimeouts + connection.acknowledged, 0);
        connection.watches->watchFrame(seconds(8));
        connection.pass(seconds(8));
        connection.pass(seconds(1));
        EXPECT_EQ(connection.frameTimeouts, 1);
    }
}

TEST(PeerWatches, APeerThatWaitsInTheMiddleOfAFrameIsAcknowledged) {
    Connection connection;
    connection.watches->onPart(true);
    EXPECT_EQ(connection.acknowledged, 0);
    connection.pass(milliseconds(1));
    EXPECT_EQ(connection.acknowledged, 1);
    connection.watches->onPart(true);
    EXPECT_EQ(connection.acknowledged, 2) << "at once, from then on";
}

TEST(PeerWatches, APeerWhoseFramesGoOnIsNotLookedAtForLong) {
    Connection connection;
    for (int i = 0; i < machines::PartHabit::looksAtMost; ++i) {
        EXPECT_TRUE(connection.watches->mayTellOfParts());
        connection.watches->onPart(true);
        ++connection.frame.frames;
        connection.pass(milliseconds(1));
    }
    EXPECT_FALSE(connection.watches->mayTellOfParts());
    EXPECT_EQ(connection.acknowledged, 0);
}

}  // namespace
}  // namespace tempeh::core
