#include "core/channel/outbox.hpp"

#include "support/hex.hpp"
#include "support/pool_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace tempeh::core {
namespace {

constexpr std::size_t scratchSize = wire::FrameBatch::targetBytes + 2 * 65'536 + BinaryHeader::wireSize;
constexpr ChannelNumber channel = 7;

/// What a message is made of; the body's bytes follow from the id.
struct Sample {
    std::size_t bodySize = 0;
    bool hasUserData = false;  // such a message must come back as it is, so it is kept
    bool hasHeaders = false;
};

std::string bodyOf(MessageId id, std::size_t size) {
    return std::string(size, static_cast<char>('a' + id % 26));
}

class OutboxTest : public ::testing::Test {
protected:
    MessagePtr make(MessageId id, const Sample& sample) {
        MessagePtr message = pool_->get(AllocationStrategy::Always);
        message->header = {.channelNumber = channel, .opCode = OpCode::Signal, .status = 5, .messageId = id};
        if (sample.hasHeaders) message->textHeaders.append("name", "value");
        message->body.append(bodyOf(id, sample.bodySize));
        if (sample.hasUserData) message->userData = this;
        return message;
    }
    void push(const std::vector<Sample>& samples) {
        for (const Sample& sample : samples) {
            MessagePtr message = make(++nextId_, sample);
            outbox_.push(message, stock_, *pool_);
            EXPECT_EQ(message, nullptr);
        }
    }
    /// The bytes a write would be given now.
    test::Bytes offered() {
        wire::FrameBatch batch(std::span<std::byte>(scratch_.get(), scratchSize));
        outbox_.fill(batch);
        test::Bytes bytes;
        for (const std::span<const std::byte> part : batch.spans())
            test::appendTo(bytes, part);
        return bytes;
    }
    /// How many messages went out whole with so many bytes.
    std::size_t consume(std::size_t written) {
        return outbox_.consume(written, stock_, [](const MessagePtr&) {}).messages;
    }
    std::vector<MessageId> takeAll(std::size_t bodySize) {
        std::size_t lost = 1;
        MessageQueue queue = outbox_.takeAll(stock_, *pool_, channel, lost);
        EXPECT_EQ(lost, 0U);
        std::vector<MessageId> ids;
        while (const MessagePtr message = queue.popFront()) {
            ids.push_back(message->header.messageId);
            EXPECT_EQ(message->header.channelNumber, channel);
            EXPECT_EQ(message->header.opCode, OpCode::Signal);
            EXPECT_EQ(message->header.status, 5);
            EXPECT_EQ(message->body.view(), bodyOf(ids.back(), bodySize));
        }
        return ids;
    }

    test::PoolHandle pool_ = test::makePool(0, 100'000);
    std::unique_ptr<std::byte[]> scratch_{new std::byte[scratchSize]};
    BlockStock stock_;
    Outbox outbox_;
    MessageId nextId_ = 0;
};

using Ids = std::vector<MessageId>;

TEST_F(OutboxTest, CountsMessagesAndBytes) {
    EXPECT_TRUE(outbox_.empty());
    push({{0}, {10}, {10, true}});
    EXPECT_EQ(outbox_.messages(), 3U);
    EXPECT_EQ(outbox_.bytes(), 16U + 26U + 26U);
}

TEST_F(OutboxTest, ASmallMessageGoesBackToThePoolAtOnceAndOneWithUserDataStays) {
    push({{4}, {4}});
    EXPECT_EQ(pool_->counters().outstanding, 0U);
    push({{4, true}});
    EXPECT_EQ(pool_->counters().outstanding, 1U);
    push({{4}});
    EXPECT_EQ(pool_->counters().outstanding, 2U) << "behind a kept one the order asks for keeping";
}

TEST_F(OutboxTest, AMessageCountsUntilItsLastByteIsWritten) {
    for (const bool kept : {false, true}) {
        push({{4, kept}, {4, kept}});
        EXPECT_EQ(consume(19), 0U);
        EXPECT_EQ(outbox_.messages(), 2U);
        EXPECT_EQ(consume(1), 1U);
        EXPECT_EQ(consume(20), 1U);
        EXPECT_TRUE(outbox_.empty());
        EXPECT_EQ(outbox_.bytes(), 0U);
    }
}

TEST_F(OutboxTest, OneWriteMayFinishManyAndBeginAnother) {
    push({{0}, {0}, {0}, {0}});
    EXPECT_EQ(consume(16 * 2 + 5), 2U);
    EXPECT_EQ(offered().size(), 16U * 2 - 5);
    EXPECT_EQ(consume(11), 1U);
}

TEST_F(OutboxTest, EverySplitOffersTheSameStream) {
    const std::vector<Sample> samples = {{0}, {3, false, true}, {3, true}, {1500}, {0}, {7, false, true}};
    push(samples);
    const test::Bytes whole = offered();
    for (std::size_t step = 1; step <= whole.size(); ++step) {
        test::Bytes sent;
        while (!outbox_.empty()) {
            const test::Bytes now = offered();
            const std::size_t size = std::min(step, now.size());
            test::appendTo(sent, std::span(now).first(size));
            consume(size);
        }
        ASSERT_EQ(sent, whole) << "in steps of " << step;
        nextId_ = 0;
        push(samples);
    }
}

TEST_F(OutboxTest, TakeAllGivesTheHalfWrittenTooWhereverItIsCut) {
    for (const bool kept : {false, true}) {
        for (std::size_t written = 0; written < 60; ++written) {
            nextId_ = 0;
            push({{4, kept}, {4, kept}, {4, kept}});
            consume(written);
            Ids expected;
            for (MessageId id = written / 20 + 1; id <= 3; ++id)
                expected.push_back(id);
            ASSERT_EQ(takeAll(4), expected) << written << " bytes written, kept " << kept;
            EXPECT_TRUE(outbox_.empty());
            EXPECT_EQ(outbox_.bytes(), 0U);
        }
    }
    push({{0}});
    EXPECT_EQ(offered().size(), 16U) << "what was half written before must not shorten the next";
}

TEST_F(OutboxTest, WhatWasEncodedComesBackWithItsTextHeaders) {
    push({{4, false, true}});
    std::size_t lost = 0;
    MessageQueue queue = outbox_.takeAll(stock_, *pool_, channel, lost);
    ASSERT_EQ(queue.size(), 1U);
    EXPECT_EQ(queue.front()->textHeaders.find("name"), "value");
}

TEST_F(OutboxTest, FurtherBlocksFollowTheFirstAndTheOrderStays) {
    constexpr std::size_t count = 3 * wire::FrameRow::blockSize / 116;
    push(std::vector<Sample>(count, Sample{100}));
    EXPECT_EQ(outbox_.messages(), count);
    EXPECT_EQ(pool_->counters().outstanding, 0U);
    consume(116 * 10 + 50);
    Ids expected;
    for (MessageId id = 11; id <= count; ++id)
        expected.push_back(id);
    EXPECT_EQ(takeAll(100), expected);
}

TEST_F(OutboxTest, WritesMoreThanOneBlockInOrder) {
    constexpr std::size_t count = 3 * wire::FrameRow::blockSize / 116;
    push(std::vector<Sample>(count, Sample{100}));
    test::Bytes all;
    std::size_t messages = 0;
    while (!outbox_.empty()) {
        test::Bytes bytes = offered();
        ASSERT_FALSE(bytes.empty());
        bytes.resize(bytes.size() - bytes.size() / 7);  // the kernel takes a part
        messages += consume(bytes.size());
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    EXPECT_EQ(messages, count);
    ASSERT_EQ(all.size(), count * 116);
    for (std::size_t i = 0; i < count; ++i)
        ASSERT_EQ(all[i * 116 + 16], static_cast<std::byte>(bodyOf(i + 1, 1)[0])) << i;
}

TEST_F(OutboxTest, WhatTheKernelHasAPartOfGoesOnWithTheRest) {
    MessagePtr message = make(++nextId_, {100});
    outbox_.pushWritten(std::move(message), 50);
    EXPECT_EQ(offered().size(), 66U);
    push({{4}});
    EXPECT_EQ(consume(66), 1U);
    EXPECT_EQ(offered().size(), 20U);
}

TEST_F(OutboxTest, AnEmptyOutboxHoldsNoBlock) {
    push({{4}});
    consume(20);
    wire::FrameRow::Block first = stock_.take();
    const std::byte* address = first.get();
    stock_.give(std::move(first));
    push({{4}});
    EXPECT_NE(stock_.take().get(), address) << "the block is in use while something waits";
}

TEST_F(OutboxTest, AWritefulOutboxIsAboutToFillItsBlock) {
    while (!outbox_.fillsAWrite())
        push({{1000}});
    EXPECT_EQ(pool_->counters().outstanding, 0U) << "it must be flushed before anything has to be kept";
    EXPECT_GT(outbox_.bytes(), wire::FrameRow::blockSize / 2);
}

}  // namespace
}  // namespace tempeh::core
