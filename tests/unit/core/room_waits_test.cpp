#include "core/channel/room_waits.hpp"

#include <boost/asio/error.hpp>
#include <gtest/gtest.h>

#include <vector>

namespace tempeh::core {
namespace {

using std::chrono::seconds;

struct RoomWriter final : detail::Waiter {
    explicit RoomWriter(TimePoint when = TimePoint::max()) { deadline = when; }
    void resume(bool) noexcept override { ++resumed; }
    int resumed = 0;
};

constexpr TimePoint roomStart = TimePoint() + seconds(1);

class RoomWaitsTest : public ::testing::Test {
protected:
    void begin(RoomWriter& writer, bool hasRoom = false) {
        waits_.begin(writer, hasRoom);
        arm();
    }
    void arm() {
        waits_.arm(&onDeadline, this,
                   [this](Deadline& deadline, TimePoint when) { deadlines_.set(deadline, when); });
    }
    void passUntil(TimePoint now) {
        now_ = now;
        deadlines_.runExpired(now);
    }
    static void onDeadline(void* self) noexcept {
        auto& test = *static_cast<RoomWaitsTest*>(self);
        test.waits_.expire(test.now_);
        test.arm();
    }

    ChannelTable table_{1, 8};
    SubmitQueue queue_{table_};
    Deadlines deadlines_;
    TimePoint now_ = roomStart;
    RoomWaits waits_{queue_};
};

TEST_F(RoomWaitsTest, WhoFindsRoomDoesNotWait) {
    RoomWriter writer;
    begin(writer, true);
    EXPECT_EQ(writer.resumed, 1);
    EXPECT_FALSE(writer.timedOut);
    EXPECT_TRUE(waits_.empty());
}

TEST_F(RoomWaitsTest, NorDoesWhoOnlyAsks) {
    RoomWriter finds(TimePoint::min());
    begin(finds, true);
    EXPECT_FALSE(finds.timedOut);
    RoomWriter findsNothing(TimePoint::min());
    begin(findsNothing);
    EXPECT_EQ(findsNothing.resumed, 1);
    EXPECT_TRUE(findsNothing.timedOut);
}

TEST_F(RoomWaitsTest, AllAreResumedWhenThereIsRoom) {
    RoomWriter writers[3];
    for (RoomWriter& writer : writers)
        begin(writer);
    for (RoomWriter& writer : writers)
        EXPECT_EQ(writer.resumed, 0);
    waits_.resumeAll();
    for (RoomWriter& writer : writers) {
        EXPECT_EQ(writer.resumed, 1);
        EXPECT_FALSE(writer.abortReason);
    }
    EXPECT_TRUE(waits_.empty());
}

TEST_F(RoomWaitsTest, EachIsResumedAtItsOwnDeadline) {
    RoomWriter late(roomStart + seconds(3));
    RoomWriter soon(roomStart + seconds(1));
    RoomWriter never;
    begin(late);
    begin(soon);
    begin(never);
    passUntil(roomStart + seconds(1));
    EXPECT_TRUE(soon.timedOut);
    EXPECT_EQ(late.resumed, 0);
    passUntil(roomStart + seconds(2));
    EXPECT_EQ(late.resumed, 0);
    passUntil(roomStart + seconds(3));
    EXPECT_TRUE(late.timedOut);
    EXPECT_EQ(late.resumed, 1);
    EXPECT_EQ(never.resumed, 0);
    waits_.settle(Status::ChannelClosed);
    EXPECT_EQ(never.abortReason, Status::ChannelClosed);
}

TEST_F(RoomWaitsTest, NobodyIsResumedByADeadlineAfterTheEnd) {
    RoomWriter writer(roomStart + seconds(1));
    begin(writer);
    waits_.close(Status::ShutdownStarted);
    EXPECT_EQ(writer.abortReason, Status::ShutdownStarted);
    passUntil(roomStart + seconds(2));
    EXPECT_EQ(writer.resumed, 1);
    EXPECT_FALSE(writer.timedOut);
}

TEST_F(RoomWaitsTest, ACancelledWaitLeavesTheOthersAlone) {
    RoomWriter cancelled;
    RoomWriter other;
    begin(cancelled);
    begin(other);
    CancelledWaiters list;
    list.push_back(cancelled);
    waits_.cancel(list);
    EXPECT_EQ(cancelled.resumed, 1);
    EXPECT_EQ(cancelled.abortReason, boost::asio::error::operation_aborted);
    EXPECT_EQ(other.resumed, 0);
    EXPECT_TRUE(list.empty());
    waits_.resumeAll();
    EXPECT_EQ(other.resumed, 1);
}

}  // namespace
}  // namespace tempeh::core
