#include "core/engine/inbound_budget.hpp"

#include "core/channel/read_buffer.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace tempeh::core {
namespace {

constexpr std::size_t poolSize = 8;

class InboundBudgetTest : public testing::Test {
protected:
    /// Reads as long as there are messages, up to `wanted`.
    class Reader final : public InboundReader {
    public:
        Reader(InboundBudgetTest& test, GroupInbound& group, std::size_t wanted)
            : test_(test), group_(group), wanted_(wanted) {}

        bool resumeReading() noexcept override {
            ++tries;
            return read();
        }
        Need need() const noexcept override { return urgency; }
        GroupInbound& inbound() const noexcept override { return group_; }

        bool read() {
            while (received.size() < wanted_) {
                MessagePtr message = test_.budget.take(group_, urgency);
                if (message == nullptr) {
                    test_.isResumeDue |= test_.budget.pause(*this);
                    return false;
                }
                received.push_back(std::move(message));
            }
            return true;
        }

        Need urgency = Need::CanWait;
        int tries = 0;
        std::vector<MessagePtr> received;

    private:
        InboundBudgetTest& test_;
        GroupInbound& group_;
        const std::size_t wanted_;
    };

    ~InboundBudgetTest() override {
        for (GroupInbound& group : groups)
            pool_->closeAccount(group.takeAccount());
    }

    GroupInbound& makeGroup() {
        groups.emplace_back(pool_->openAccount());
        budget.shareAmong(groups.size());
        return groups.back();
    }

    struct Close {
        void operator()(MessagePool* pool) const noexcept { pool->close(); }
    };
    std::unique_ptr<MessagePool, Close> pool_{
        MessagePool::create({.initialMessages = poolSize, .maxMessages = poolSize})};
    InboundBudget budget{*pool_, poolSize};
    std::deque<GroupInbound> groups;
    bool isResumeDue = false;
};

TEST_F(InboundBudgetTest, OneGroupGetsTheWholePoolAndThenWaits) {
    Reader reader(*this, makeGroup(), poolSize + 3);
    EXPECT_FALSE(reader.read());
    EXPECT_EQ(reader.received.size(), poolSize);
    EXPECT_EQ(groups[0].holds(), poolSize);
    EXPECT_TRUE(budget.isAnyPaused());
    EXPECT_FALSE(isResumeDue);
}

TEST_F(InboundBudgetTest, WhatCameBackIsReadByWhoWaited) {
    Reader reader(*this, makeGroup(), poolSize + 3);
    EXPECT_FALSE(reader.read());
    reader.received.erase(reader.received.begin(), reader.received.begin() + 4);
    budget.resumePaused();
    EXPECT_EQ(reader.tries, 1);
    EXPECT_EQ(reader.received.size(), poolSize);
    EXPECT_TRUE(budget.isAnyPaused());
}

TEST_F(InboundBudgetTest, AMessageThatCameBackBeforeThePauseIsNotMissed) {
    GroupInbound& group = makeGroup();
    std::vector<MessagePtr> all;
    while (MessagePtr message = budget.take(group))
        all.push_back(std::move(message));
    all.pop_back();
    Reader reader(*this, group, 0);
    EXPECT_TRUE(budget.pause(reader));
    budget.unpause(reader);
    EXPECT_FALSE(budget.isAnyPaused());
}

TEST_F(InboundBudgetTest, AnotherGroupHasItsShareOfAPoolThatIsEmpty) {
    Reader hoarder(*this, makeGroup(), poolSize);
    EXPECT_TRUE(hoarder.read());
    Reader other(*this, makeGroup(), poolSize);
    EXPECT_FALSE(other.read());
    EXPECT_EQ(other.received.size(), poolSize / 2);  // of two groups
}

TEST_F(InboundBudgetTest, AGroupThatFindsNothingKeepsNoOtherFromGoingOn) {
    Reader hoarder(*this, makeGroup(), 3 * poolSize);
    EXPECT_FALSE(hoarder.read());
    Reader other(*this, makeGroup(), poolSize / 2 + 1);
    EXPECT_FALSE(other.read());
    other.received.clear();
    budget.resumePaused();  // the hoarder, who waited first, finds what came back; both get a try
    EXPECT_EQ(hoarder.tries, 1);
    EXPECT_EQ(other.tries, 1);
    EXPECT_EQ(other.received.size(), poolSize / 2);
}

TEST_F(InboundBudgetTest, OfOneGroupTheFirstThatFindsNothingSpeaksForTheOthers) {
    GroupInbound& group = makeGroup();
    Reader first(*this, group, 2 * poolSize);
    EXPECT_FALSE(first.read());
    Reader second(*this, group, 1);
    Reader urgent(*this, group, 1);
    EXPECT_FALSE(second.read());
    EXPECT_FALSE(urgent.read());
    urgent.urgency = Need::MustFit;
    budget.resumePaused();
    EXPECT_EQ(first.tries, 1);
    EXPECT_EQ(second.tries, 0);
    EXPECT_EQ(urgent.received.size(), 1U);  // beside the pool
}

TEST_F(InboundBudgetTest, ThoseSkippedComeFirstNextTime) {
    GroupInbound& group = makeGroup();
    Reader first(*this, group, 2 * poolSize);
    Reader second(*this, group, 1);
    EXPECT_FALSE(first.read());
    EXPECT_FALSE(second.read());
    budget.resumePaused();
    first.received.pop_back();
    budget.resumePaused();
    EXPECT_EQ(second.received.size(), 1U);
    EXPECT_EQ(first.tries, 2);
}

TEST_F(InboundBudgetTest, AFrameUnderWayDoesNotCountAgainstItsGroup) {
    GroupInbound& group = makeGroup();
    const MessagePtr half = budget.take(group);
    EXPECT_EQ(group.holds(), 1U);
    EXPECT_FALSE(budget.noteFrameBegun(group));
    EXPECT_EQ(group.holds(), 0U);
    group.noteFrameDone();
    EXPECT_EQ(group.holds(), 1U);
}

TEST_F(InboundBudgetTest, AFrameUnderWayMakesRoomForThoseWhoWait) {
    GroupInbound& group = makeGroup();
    Reader reader(*this, group, poolSize + 1);
    EXPECT_FALSE(reader.read());
    EXPECT_TRUE(budget.noteFrameBegun(group));
    budget.resumePaused();
    EXPECT_EQ(reader.received.size(), poolSize + 1);
    group.noteFrameDone();
}

TEST_F(InboundBudgetTest, AShortageIsOverWhenHalfOfThePoolIsBackAndNobodyWaits) {
    GroupInbound& group = makeGroup();
    Reader reader(*this, group, poolSize + 1);
    EXPECT_FALSE(reader.read());
    group.noteShortage();
    budget.noteRecovery(group);
    EXPECT_TRUE(group.isShortOfMessages());
    budget.unpause(reader);
    reader.received.resize(poolSize / 2 + 1);
    budget.noteRecovery(group);
    EXPECT_TRUE(group.isShortOfMessages());
    reader.received.pop_back();
    budget.noteRecovery(group);
    EXPECT_FALSE(group.isShortOfMessages());
}

TEST_F(InboundBudgetTest, UnderShortageAReadIsOnlyAsLongAsCanBeKept) {
    std::vector<std::byte> buffer(256 * 1024);
    GroupInbound& group = makeGroup();
    EXPECT_EQ(budget.limit(buffer, group, Need::CanWait).size(), buffer.size());
    Reader reader(*this, group, poolSize + 1);
    EXPECT_FALSE(reader.read());
    EXPECT_EQ(budget.limit(buffer, group, Need::CanWait).size(), ReadBuffer::smallSize);
    EXPECT_EQ(budget.limit(buffer, group, Need::MustFit).size(), buffer.size());
    budget.keptInput().store(1U << 30U);
    EXPECT_EQ(budget.limit(buffer, group, Need::MustFit).size(), ReadBuffer::mediumSize);
}

TEST_F(InboundBudgetTest, AReaderThatIsDestroyedIsForgotten) {
    GroupInbound& group = makeGroup();
    {
        Reader reader(*this, group, poolSize + 1);
        EXPECT_FALSE(reader.read());
        budget.unpause(reader);
    }
    budget.resumePaused();
    EXPECT_FALSE(budget.isAnyPaused());
}

}  // namespace
}  // namespace tempeh::core
