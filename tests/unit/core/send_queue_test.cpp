#include "core/channel/send_queue.hpp"

#include "support/pool_fixture.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tempeh::core {
namespace {

constexpr std::size_t queueScratchSize = wire::FrameBatch::targetBytes + 2 * 65'536 + BinaryHeader::wireSize;
constexpr std::size_t smallFrame = BinaryHeader::wireSize + 4;

class SendQueueTest : public ::testing::Test {
protected:
    MessagePtr make(MessageId id, OpCode opCode = OpCode::Signal) {
        MessagePtr message = pool_->get(AllocationStrategy::Always);
        message->header = {.channelNumber = 7, .opCode = opCode, .messageId = id};
        message->body.append(std::string("body"));
        return message;
    }
    void push(MessageId id, OpCode opCode = OpCode::Signal) {
        MessagePtr message = make(id, opCode);
        queue_.push(message);
    }
    std::size_t offered() {
        wire::FrameBatch batch(std::span<std::byte>(scratch_.get(), queueScratchSize));
        queue_.fill(batch);
        return batch.bytes();
    }
    /// The control messages that went out whole.
    std::vector<MessageId> consume(std::size_t written) {
        std::vector<MessageId> controls;
        const std::size_t all = offered();
        queue_.consume(written, all,
                       [&](const MessagePtr& message) { controls.push_back(message->header.messageId); });
        return controls;
    }
    std::vector<MessageId> takeAll() {
        std::size_t lost = 0;
        MessageQueue back = queue_.takeAll(7, lost);
        EXPECT_EQ(lost, 0U);
        std::vector<MessageId> ids;
        while (const MessagePtr message = back.popFront())
            ids.push_back(message->header.messageId);
        return ids;
    }

    test::PoolHandle pool_ = test::makePool(0, 1000);
    std::unique_ptr<std::byte[]> scratch_{new std::byte[queueScratchSize]};
    BlockStock stock_;
    SendQueue queue_{stock_, *pool_};
};

TEST_F(SendQueueTest, CountsWhatIsHeldBackAndDoesNotSendIt) {
    push(1);
    queue_.hold(make(2));
    EXPECT_EQ(queue_.messages(), 2U);
    EXPECT_EQ(queue_.bytes(), 2 * smallFrame);
    EXPECT_EQ(queue_.unsentMessages(), 1U);
    EXPECT_EQ(offered(), smallFrame);
    consume(smallFrame);
    EXPECT_TRUE(queue_.isEmpty());
    EXPECT_FALSE(queue_.holdsNothing());
    EXPECT_EQ(queue_.bytes(), smallFrame);
    EXPECT_EQ(takeAll(), std::vector<MessageId>{2});
    EXPECT_TRUE(queue_.holdsNothing());
    EXPECT_EQ(queue_.bytes(), 0U);
}

TEST_F(SendQueueTest, GivesBackWhatIsNotSentWholeBeforeWhatIsHeldBack) {
    for (MessageId id = 1; id <= 3; ++id)
        push(id);
    queue_.hold(make(4));
    queue_.hold(make(5));
    consume(smallFrame + 3);
    EXPECT_EQ(takeAll(), (std::vector<MessageId>{2, 3, 4, 5}));
}

TEST_F(SendQueueTest, AShortWriteBlocksUntilTheKernelTakesMore) {
    push(1);
    push(2);
    consume(smallFrame);
    EXPECT_TRUE(queue_.isBlocked());
    queue_.unblock();
    consume(smallFrame);
    EXPECT_FALSE(queue_.isBlocked()) << "all of it was taken";
    queue_.block();
    EXPECT_TRUE(queue_.isBlocked());
}

TEST_F(SendQueueTest, TellsOfControlMessagesAndGivesTheOthersToThePool) {
    push(1, OpCode::HelloRequest);
    push(2);
    push(3, OpCode::ByeRequest);
    EXPECT_EQ(consume(2 * smallFrame), std::vector<MessageId>{1});
    EXPECT_EQ(consume(smallFrame), std::vector<MessageId>{3});
    EXPECT_TRUE(queue_.holdsNothing());
    EXPECT_EQ(pool_->counters().outstanding, 0U);
}

TEST_F(SendQueueTest, WhatAThreadCouldNotSendGoesOutFirst) {
    EXPECT_FALSE(queue_.takeOverRest());
    queue_.leaveRest(make(1), 5);
    EXPECT_TRUE(queue_.takeOverRest());
    EXPECT_FALSE(queue_.takeOverRest());
    push(2);
    EXPECT_EQ(offered(), 2 * smallFrame - 5);
    consume(smallFrame - 5);
    EXPECT_EQ(queue_.unsentMessages(), 1U);
    EXPECT_EQ(takeAll(), std::vector<MessageId>{2});
}

TEST_F(SendQueueTest, OrComesBackWhenNothingIsSentAnyMore) {
    EXPECT_EQ(queue_.takeRestBack(), nullptr);
    queue_.leaveRest(make(1), 5);
    const MessagePtr rest = queue_.takeRestBack();
    ASSERT_NE(rest, nullptr);
    EXPECT_EQ(rest->header.messageId, 1U);
    EXPECT_EQ(queue_.takeRestBack(), nullptr);
}

}  // namespace
}  // namespace tempeh::core
