#include "support/vectors.hpp"

#include <tempeh/message/binary_header.hpp>

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <sstream>

namespace tempeh {
namespace {

using test::fromHex;
using test::toHex;

BinaryHeader decodeHex(std::string_view hex) {
    const test::Bytes bytes = fromHex(hex);
    return BinaryHeader::decode(std::span<const std::byte, BinaryHeader::wireSize>(bytes.data(), 16));
}

TEST(BinaryHeader, EncodesAndDecodesTheVectors) {
    for (const test::Vector& vector : test::vectors()) {
        SCOPED_TRACE(vector.name);
        const std::string head = vector.hex.substr(0, 32);
        EXPECT_EQ(toHex(vector.header.encode()), head);
        EXPECT_EQ(decodeHex(head), vector.header);
    }
}

TEST(BinaryHeader, EveryProtoByteDecodes) {
    for (unsigned proto = 0; proto != 256; ++proto) {
        BinaryHeader::Bytes bytes{};
        bytes[2] = static_cast<std::byte>(proto);
        const BinaryHeader header = BinaryHeader::decode(bytes);
        EXPECT_EQ(static_cast<unsigned>(header.opCode), proto & 0x0f);
        EXPECT_EQ(header.origin, (proto & 0x10) != 0 ? Origin::Engine : Origin::Application);
        EXPECT_EQ(header.more, (proto & 0x20) != 0);
        EXPECT_EQ(std::to_integer<unsigned>(header.encode()[2]), proto & 0x3f)
            << "internal bits are not sent";
    }
}

TEST(BinaryHeader, RandomHeadersRoundTrip) {
    std::mt19937_64 random(20240601);
    for (int round = 0; round != 10000; ++round) {
        BinaryHeader::Bytes bytes;
        for (std::byte& byte : bytes)
            byte = static_cast<std::byte>(random());
        bytes[2] &= std::byte{0x3f};
        EXPECT_EQ(BinaryHeader::decode(bytes).encode(), bytes);
    }
}

TEST(BinaryHeader, ImpossibleFieldValuesDoNotSpillIntoOtherBits) {
    const BinaryHeader header{.opCode = static_cast<OpCode>(0xff), .origin = static_cast<Origin>(0xff)};
    EXPECT_EQ(toHex(header.encode()), "00000f00000000000000000000000000");
}

TEST(BinaryHeader, WorksAtCompileTime) {
    constexpr BinaryHeader header{.channelNumber = 0xabcd, .opCode = OpCode::ByeRequest, .messageId = 77};
    static_assert(BinaryHeader::decode(header.encode()) == header);
    static_assert(header.type() == MessageType::Bye && header.role() == MessageRole::Request);
}

TEST(BinaryHeader, ValidNeedsAKnownOpCode) {
    for (unsigned value = 0; value != 256; ++value) {
        const BinaryHeader header{.opCode = static_cast<OpCode>(value), .messageId = 1};
        EXPECT_EQ(header.isValid(), value <= 9) << value;
    }
}

TEST(BinaryHeader, MoreIsValidOnRegularMessagesOnly) {
    for (unsigned value = 0; value != 10; ++value) {
        const BinaryHeader header{.opCode = static_cast<OpCode>(value), .more = true, .messageId = 1};
        EXPECT_EQ(header.isValid(), value <= 2) << value;
    }
}

TEST(BinaryHeader, AnswersNeedAnId) {
    for (unsigned value = 0; value != 10; ++value) {
        const auto opCode = static_cast<OpCode>(value);
        const bool answer =
            opCode == OpCode::Response || opCode == OpCode::HelloResponse || opCode == OpCode::ByeResponse;
        EXPECT_EQ(BinaryHeader{.opCode = opCode}.isValid(), !answer) << value;
    }
}

TEST(BinaryHeader, TextForPeople) {
    BinaryHeader header{.channelNumber = 7,
                        .opCode = OpCode::Request,
                        .more = true,
                        .messageId = 42,
                        .textHeadersLength = 13,
                        .bodyLength = 7};
    EXPECT_EQ(toString(header), "channel 7 Request more id 42 headers 13 body 7");
    header.status = 200;
    header.more = false;
    EXPECT_EQ(toString(header), "channel 7 Request status 200 id 42 headers 13 body 7");
    header.origin = Origin::Engine;
    header.status = 22;
    EXPECT_EQ(toString(header), "channel 7 Request engine ChannelClosed id 42 headers 13 body 7");
    header.opCode = static_cast<OpCode>(12);
    std::ostringstream out;
    out << header;
    EXPECT_EQ(out.str(), "channel 7 unknown(12) engine ChannelClosed id 42 headers 13 body 7");
}

}  // namespace
}  // namespace tempeh
