#include "core/outbox.hpp"

#include "support/hex.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace tempeh::core {
namespace {

constexpr std::size_t scratchSize = wire::FrameBatch::targetBytes + 2 * 65'536 + BinaryHeader::wireSize;

MessagePtr makeMessage(MessageId id, std::size_t bodySize = 0) {
    MessagePtr message(new Message);
    message->header = {.channelNumber = 7, .opCode = OpCode::Signal, .messageId = id};
    message->body.append(std::string(bodySize, 'x'));
    return message;
}

class OutboxTest : public ::testing::Test {
protected:
    void push(std::initializer_list<std::size_t> bodySizes) {
        for (const std::size_t size : bodySizes)
            outbox_.push(makeMessage(++nextId_, size));
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
    std::vector<MessageId> consume(std::size_t written) {
        std::vector<MessageId> ids;
        outbox_.consume(written, [&](MessagePtr message) { ids.push_back(message->header.messageId); });
        return ids;
    }

    std::unique_ptr<std::byte[]> scratch_{new std::byte[scratchSize]};
    Outbox outbox_;
    MessageId nextId_ = 0;
};

using Ids = std::vector<MessageId>;

TEST_F(OutboxTest, CountsMessagesAndBytes) {
    EXPECT_TRUE(outbox_.empty());
    push({0, 10});
    EXPECT_EQ(outbox_.messages(), 2U);
    EXPECT_EQ(outbox_.bytes(), 16U + 26U);
}

TEST_F(OutboxTest, AMessageStaysUntilItsLastByteIsWritten) {
    push({4, 4});
    EXPECT_EQ(consume(19), Ids{});
    EXPECT_EQ(outbox_.messages(), 2U);
    EXPECT_EQ(consume(1), Ids{1});
    EXPECT_EQ(consume(20), Ids{2});
    EXPECT_TRUE(outbox_.empty());
    EXPECT_EQ(outbox_.bytes(), 0U);
}

TEST_F(OutboxTest, OneWriteMayFinishManyAndBeginAnother) {
    push({0, 0, 0, 0});
    EXPECT_EQ(consume(16 * 2 + 5), (Ids{1, 2}));
    EXPECT_EQ(offered().size(), 16U * 2 - 5);
    EXPECT_EQ(consume(11), Ids{3});
}

TEST_F(OutboxTest, EverySplitOffersTheSameStream) {
    push({0, 3, 1500, 0});
    const test::Bytes whole = offered();
    for (std::size_t step = 1; step <= whole.size(); ++step) {
        Outbox& outbox = outbox_;
        test::Bytes sent;
        while (!outbox.empty()) {
            const test::Bytes now = offered();
            const std::size_t size = std::min(step, now.size());
            test::appendTo(sent, std::span(now).first(size));
            consume(size);
        }
        ASSERT_EQ(sent, whole) << "in steps of " << step;
        nextId_ = 0;
        push({0, 3, 1500, 0});
    }
}

TEST_F(OutboxTest, TakeAllGivesTheHalfWrittenToo) {
    push({4, 4, 4});
    consume(25);
    MessageQueue rest = outbox_.takeAll();
    ASSERT_EQ(rest.size(), 2U);
    EXPECT_EQ(rest.popFront()->header.messageId, 2U);
    EXPECT_EQ(rest.popFront()->header.messageId, 3U);
    EXPECT_TRUE(outbox_.empty());
    EXPECT_EQ(outbox_.bytes(), 0U);
    push({0});
    EXPECT_EQ(offered().size(), 16U) << "what was half written before must not shorten the next";
}

}  // namespace
}  // namespace tempeh::core
