#include "codec_helpers.hpp"

#include <gtest/gtest.h>

namespace tempeh::wire {
namespace {

using test::toHex;

TEST(Encoder, WritesTheVectors) {
    for (const test::Vector& vector : test::vectors()) {
        SCOPED_TRACE(vector.name);
        const MessagePtr message = vector.message();
        EXPECT_EQ(frameSize(*message), vector.hex.size() / 2);
        EXPECT_EQ(toHex(encode(*message)), vector.hex);
    }
}

TEST(Encoder, HeadIsTheFrameWithoutTheBody) {
    for (const test::Vector& vector : test::vectors()) {
        SCOPED_TRACE(vector.name);
        const MessagePtr message = vector.message();
        test::Bytes head(headSize(*message));
        EXPECT_EQ(encodeHead(*message, head.data()), head.size());
        EXPECT_EQ(toHex(head), vector.hex.substr(0, head.size() * 2));
        EXPECT_EQ(head.size() + message->body.size(), frameSize(*message));
    }
}

TEST(Encoder, NeverSendsTheEnginesOriginNorStaleLengths) {
    Message message;
    message.header = {.channelNumber = 1,
                      .opCode = OpCode::Signal,
                      .origin = Origin::Engine,
                      .status = 5,
                      .messageId = 1,
                      .textHeadersLength = 777,
                      .bodyLength = 888};
    message.body.append("x");
    EXPECT_EQ(toHex(encode(message)), "0001020500000000000000010000000178");
    EXPECT_EQ(message.header.origin, Origin::Engine) << "the message itself stays as it is";
    EXPECT_EQ(message.header.bodyLength, 888);
}

TEST(Encoder, WritesPartsOf65535Bytes) {
    Message message;
    message.textHeaders.append("n", std::string(65535 - 4, 'v'));
    message.body.append(std::string(65535, 'b'));
    ASSERT_EQ(message.textHeaders.sizeBytes(), 65535U);
    const test::Bytes bytes = encode(message);
    ASSERT_EQ(bytes.size(), 16U + 65535U * 2);
    EXPECT_EQ(toHex(std::span(bytes).subspan(12, 4)), "ffffffff");
    EXPECT_EQ(toHex(std::span(bytes).subspan(16, 2)), "6e3a");
    EXPECT_EQ(toHex(std::span(bytes).subspan(16 + 65535 - 2, 3)), "0d0a62");
    EXPECT_EQ(bytes.back(), std::byte{'b'});
}

}  // namespace
}  // namespace tempeh::wire
