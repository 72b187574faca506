#include "wire/frame_row.hpp"

#include "support/hex.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tempeh::wire {
namespace {

class FrameRowTest : public ::testing::Test {
protected:
    FrameRowTest() { row_.setBlock(FrameRow::Block(new std::byte[FrameRow::blockSize])); }

    void add(MessageId id, std::size_t bodySize) {
        Message message;
        message.header = {.channelNumber = 1, .opCode = OpCode::Signal, .messageId = id};
        message.body.append(std::string(bodySize, 'x'));
        ASSERT_TRUE(row_.fits(frameSize(message)));
        row_.add(message);
    }

    FrameRow row_;
};

TEST_F(FrameRowTest, HoldsFramesAsTheEncoderWritesThem) {
    Message message;
    message.header = {.channelNumber = 258, .opCode = OpCode::ByeRequest, .messageId = 99};
    row_.add(message);
    EXPECT_EQ(test::toHex(row_.unsent()), "01020500000000000000006300000000");
}

TEST_F(FrameRowTest, GivesTheWholeFramesThatAreGoneForEveryCut) {
    for (std::size_t cut = 0; cut <= 16 + 20 + 36; ++cut) {
        row_.clear();
        add(1, 0);
        add(2, 4);
        add(3, 20);
        const FrameRow::Consumed gone = row_.consume(cut);
        const std::size_t frames = cut >= 72 ? 3 : cut >= 36 ? 2 : cut >= 16 ? 1 : 0;
        EXPECT_EQ(gone.frames, frames) << cut;
        EXPECT_EQ(row_.frames(), 3 - frames) << cut;
        EXPECT_EQ(row_.empty(), frames == 3) << cut;
        EXPECT_EQ(row_.unsent().size(), frames == 3 ? 0 : 72 - cut) << cut;
    }
}

TEST_F(FrameRowTest, CountsEveryFrameOnceHoweverItIsConsumed) {
    for (std::size_t step = 1; step <= 72; ++step) {
        add(1, 0);
        add(2, 4);
        add(3, 20);
        FrameRow::Consumed all;
        while (!row_.empty()) {
            const FrameRow::Consumed gone = row_.consume(std::min(step, row_.unsent().size()));
            all.frames += gone.frames;
            all.bytes += gone.bytes;
        }
        EXPECT_EQ(all.frames, 3U);
        EXPECT_EQ(all.bytes, 72U);
    }
}

TEST_F(FrameRowTest, RefusesWhatDoesNotFit) {
    add(1, 60'000);
    EXPECT_FALSE(row_.fits(FrameRow::blockSize - 60'016 + 1));
    EXPECT_TRUE(row_.fits(FrameRow::blockSize - 60'016));
}

}  // namespace
}  // namespace tempeh::wire
