#include "wire/frame_batch.hpp"

#include "codec_helpers.hpp"
#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tempeh::wire {
namespace {

using test::Bytes;
using test::toHex;

constexpr std::size_t scratchSize = FrameBatch::targetBytes + 65535 + 16;

class FrameBatchTest : public testing::Test {
protected:
    Bytes scratch_ = Bytes(scratchSize);
    FrameBatch batch_{scratch_};

    /// What a gathered write would send.
    Bytes written() const {
        Bytes all;
        for (const std::span<const std::byte> span : batch_.spans())
            test::appendTo(all, span);
        return all;
    }
};

MessagePtr withBody(std::size_t size, MessageId id = 1) {
    MessagePtr message = newMessage();
    message->header.messageId = id;
    message->textHeaders.append("name", "value");
    message->body.append(std::string(size, static_cast<char>('a' + size % 26)));
    return message;
}

TEST_F(FrameBatchTest, StartsEmpty) {
    EXPECT_TRUE(batch_.empty());
    EXPECT_EQ(batch_.bytes(), 0U);
    EXPECT_TRUE(batch_.spans().empty());
}

TEST_F(FrameBatchTest, SmallFramesShareOneSpan) {
    std::vector<MessagePtr> messages;
    for (const test::Vector& vector : test::vectors()) {
        messages.push_back(vector.message());
        ASSERT_TRUE(batch_.add(*messages.back()));
    }
    EXPECT_EQ(batch_.spans().size(), 1U);
    EXPECT_EQ(toHex(written()), toHex(test::vectorStream()));
    EXPECT_EQ(batch_.bytes(), written().size());
    EXPECT_FALSE(batch_.empty());
    batch_.clear();
    EXPECT_TRUE(batch_.empty());
    EXPECT_TRUE(batch_.spans().empty());
    ASSERT_TRUE(batch_.add(*messages[0]));
    EXPECT_EQ(toHex(written()), test::vectors()[0].hex);
}

TEST_F(FrameBatchTest, LargeBodiesAreReferenced) {
    const MessagePtr small = withBody(FrameBatch::copyLimit - 1);
    const MessagePtr large = withBody(FrameBatch::copyLimit);
    ASSERT_TRUE(batch_.add(*small));
    EXPECT_EQ(batch_.spans().size(), 1U);
    ASSERT_TRUE(batch_.add(*large));
    ASSERT_EQ(batch_.spans().size(), 2U) << "the head joins the span before it";
    EXPECT_EQ(batch_.spans()[1].data(), large->body.bytes().data());
    ASSERT_TRUE(batch_.add(*small));
    ASSERT_TRUE(batch_.add(*large));
    EXPECT_EQ(batch_.spans().size(), 4U);

    Bytes expected;
    for (const Message* one : {small.get(), large.get(), small.get(), large.get()}) {
        test::appendTo(expected, encode(*one));
    }
    EXPECT_EQ(written(), expected);
    EXPECT_EQ(batch_.bytes(), expected.size());
}

TEST_F(FrameBatchTest, IsFullAtItsTarget) {
    const MessagePtr message = withBody(1000);
    std::size_t frames = 0;
    while (batch_.add(*message))
        ++frames;
    EXPECT_GE(batch_.bytes(), FrameBatch::targetBytes);
    EXPECT_LT(batch_.bytes(), FrameBatch::targetBytes + frameSize(*message));
    EXPECT_EQ(batch_.bytes(), frames * frameSize(*message));
    EXPECT_EQ(written().size(), batch_.bytes());
    EXPECT_FALSE(batch_.add(*test::vectors()[0].message()));
    EXPECT_EQ(written().size(), batch_.bytes()) << "nothing is added then";
}

TEST_F(FrameBatchTest, SpansAreBounded) {
    const MessagePtr large = withBody(FrameBatch::copyLimit);
    std::size_t frames = 0;
    while (batch_.add(*large))
        ++frames;
    EXPECT_EQ(frames, FrameBatch::maxSpans / 2);
    EXPECT_EQ(batch_.spans().size(), FrameBatch::maxSpans);
    EXPECT_FALSE(batch_.add(*test::vectors()[0].message())) << "would need another span";
    EXPECT_EQ(batch_.bytes(), frames * frameSize(*large));
}

TEST_F(FrameBatchTest, AnEmptyBatchTakesTheLargestFrame) {
    for (const std::size_t body : {std::size_t{0}, FrameBatch::copyLimit - 1, std::size_t{65535}}) {
        MessagePtr message = newMessage();
        message->textHeaders.append("n", std::string(65535 - 4, 'v'));
        message->body.append(std::string(body, 'b'));
        batch_.clear();
        ASSERT_TRUE(batch_.add(*message)) << body;
        EXPECT_EQ(written(), encode(*message));
    }
}

TEST_F(FrameBatchTest, ScratchIsNeverOverrun) {
    MessagePtr wide = newMessage();
    wide->textHeaders.append("n", std::string(65535 - 4, 'v'));
    wide->body.append(std::string(FrameBatch::copyLimit - 1, 'b'));
    const MessagePtr filler = withBody(900);
    while (batch_.bytes() + frameSize(*filler) < FrameBatch::targetBytes)
        ASSERT_TRUE(batch_.add(*filler));
    const std::size_t before = batch_.bytes();
    const bool added = batch_.add(*wide);
    EXPECT_EQ(batch_.bytes(), before + (added ? frameSize(*wide) : 0));
    EXPECT_EQ(written().size(), batch_.bytes());
}

TEST_F(FrameBatchTest, EverySkipLeavesTheRestOfTheFrame) {
    const MessagePtr next = test::vectors()[0].message();
    for (const std::size_t body : {std::size_t{0}, std::size_t{5}, FrameBatch::copyLimit + 7}) {
        const MessagePtr message = withBody(body);
        const Bytes frame = encode(*message);
        for (std::size_t skip = 0; skip <= frame.size(); ++skip) {
            batch_.clear();
            ASSERT_TRUE(batch_.add(*message, skip));
            ASSERT_EQ(batch_.bytes(), frame.size() - skip);
            ASSERT_TRUE(batch_.add(*next));
            Bytes expected(frame.begin() + static_cast<std::ptrdiff_t>(skip), frame.end());
            test::appendTo(expected, encode(*next));
            ASSERT_EQ(written(), expected) << body << ' ' << skip;
        }
    }
}

TEST_F(FrameBatchTest, RandomBatchesAreTheFramesInOrder) {
    std::mt19937 random(11);
    for (int round = 0; round != 200; ++round) {
        batch_.clear();
        std::vector<MessagePtr> messages;
        Bytes expected;
        for (;;) {
            messages.push_back(randomMessage(random));
            if (!batch_.add(*messages.back())) break;
            test::appendTo(expected, encode(*messages.back()));
        }
        ASSERT_EQ(batch_.bytes(), expected.size());
        ASSERT_EQ(written(), expected);
        ASSERT_LE(batch_.spans().size(), FrameBatch::maxSpans);
    }
}

TEST_F(FrameBatchTest, NeverAllocates) {
    const MessagePtr small = withBody(10);
    const MessagePtr large = withBody(5000);
    const std::uint64_t before = test::allocationCount();
    for (int round = 0; round != 100; ++round) {
        batch_.clear();
        while (batch_.add(*small) && batch_.add(*large)) {
        }
    }
    EXPECT_EQ(test::allocationCount(), before);
}

}  // namespace
}  // namespace tempeh::wire
