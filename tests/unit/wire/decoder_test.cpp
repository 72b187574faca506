#include "codec_helpers.hpp"
#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tempeh::wire {
namespace {

using Step = Decoder::Step;
using test::Bytes;
using test::fromHex;

void expectVectors(const std::vector<MessagePtr>& messages) {
    ASSERT_EQ(messages.size(), test::vectors().size());
    for (std::size_t i = 0; i != messages.size(); ++i) {
        EXPECT_TRUE(test::vectors()[i].matches(*messages[i])) << test::vectors()[i].name;
    }
}

TEST(Decoder, ReadsTheVectors) {
    for (const test::Vector& vector : test::vectors()) {
        SCOPED_TRACE(vector.name);
        Decoder decoder;
        std::vector<MessagePtr> messages;
        ASSERT_TRUE(feed(decoder, vector.bytes(), messages));
        ASSERT_EQ(messages.size(), 1U);
        EXPECT_TRUE(vector.matches(*messages[0])) << dump(*messages[0]);
        EXPECT_FALSE(decoder.midFrame());
    }
}

TEST(Decoder, EveryPrefixOfEveryVectorIsIncomplete) {
    for (const test::Vector& vector : test::vectors()) {
        const Bytes bytes = vector.bytes();
        for (std::size_t size = 0; size != bytes.size(); ++size) {
            SCOPED_TRACE(vector.name + " " + std::to_string(size));
            Decoder decoder;
            std::vector<MessagePtr> messages;
            ASSERT_TRUE(feed(decoder, std::span(bytes).first(size), messages));
            EXPECT_TRUE(messages.empty());
            EXPECT_EQ(decoder.midFrame(), size != 0);
            // Nothing more comes: the answer stays.
            ASSERT_TRUE(feed(decoder, {}, messages));
            EXPECT_EQ(decoder.midFrame(), size != 0);
            // The rest comes after all.
            ASSERT_TRUE(feed(decoder, std::span(bytes).subspan(size), messages));
            ASSERT_EQ(messages.size(), 1U);
            EXPECT_TRUE(vector.matches(*messages[0]));
            EXPECT_FALSE(decoder.midFrame());
        }
    }
}

TEST(Decoder, EverySplitInThreeOfEveryVector) {
    for (const test::Vector& vector : test::vectors()) {
        const Bytes bytes = vector.bytes();
        for (std::size_t first = 0; first <= bytes.size(); ++first) {
            for (std::size_t second = first; second <= bytes.size(); ++second) {
                Decoder decoder;
                std::vector<MessagePtr> messages;
                const std::span<const std::byte> all(bytes);
                ASSERT_TRUE(feed(decoder, all.first(first), messages));
                ASSERT_TRUE(feed(decoder, all.subspan(first, second - first), messages));
                ASSERT_TRUE(feed(decoder, all.subspan(second), messages));
                ASSERT_EQ(messages.size(), 1U);
                ASSERT_TRUE(vector.matches(*messages[0])) << vector.name << ' ' << first << ' ' << second;
            }
        }
    }
}

TEST(Decoder, EverySplitOfAllVectorsTogether) {
    const Bytes stream = test::vectorStream();
    for (std::size_t size = 0; size <= stream.size(); ++size) {
        SCOPED_TRACE(size);
        Decoder decoder;
        std::vector<MessagePtr> messages;
        ASSERT_TRUE(feed(decoder, std::span(stream).first(size), messages));
        ASSERT_TRUE(feed(decoder, std::span(stream).subspan(size), messages));
        expectVectors(messages);
    }
}

TEST(Decoder, EveryPieceSizeOfAllVectorsTogether) {
    const Bytes stream = test::vectorStream();
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        SCOPED_TRACE(piece);
        Decoder decoder;
        std::vector<MessagePtr> messages;
        for (std::size_t at = 0; at < stream.size(); at += piece) {
            ASSERT_TRUE(
                feed(decoder, std::span(stream).subspan(at, std::min(piece, stream.size() - at)), messages));
        }
        expectVectors(messages);
    }
}

TEST(Decoder, RandomFramesInRandomPieces) {
    for (unsigned seed = 1; seed != 21; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        std::vector<MessagePtr> sent;
        Bytes stream;
        for (int i = 0; i != 200; ++i) {
            sent.push_back(randomMessage(random));
            test::appendTo(stream, encode(*sent.back()));
        }
        Decoder decoder;
        std::vector<MessagePtr> received;
        for (std::size_t at = 0; at != stream.size();) {
            const std::size_t longest = random() % 3 == 0 ? 20 : 5000;
            const std::size_t size = std::min<std::size_t>(random() % longest, stream.size() - at);
            ASSERT_TRUE(feed(decoder, std::span(stream).subspan(at, size), received));
            at += size;
        }
        ASSERT_EQ(received.size(), sent.size());
        for (std::size_t i = 0; i != sent.size(); ++i)
            ASSERT_TRUE(sameMessage(*sent[i], *received[i])) << i;
        EXPECT_FALSE(decoder.midFrame());
    }
}

TEST(Decoder, AnswersRepeatUntilActedOn) {
    const test::Vector& vector = test::vectors()[3];
    const Bytes bytes = vector.bytes();
    std::span<const std::byte> input(bytes);
    Decoder decoder;
    EXPECT_EQ(decoder.advance(input), Step::NeedMessage);
    EXPECT_EQ(decoder.header(), vector.header) << "known before a message is spent";
    const std::size_t left = input.size();
    EXPECT_EQ(decoder.advance(input), Step::NeedMessage);
    EXPECT_EQ(input.size(), left) << "nothing is taken while the answer waits";
    EXPECT_TRUE(decoder.midFrame());
    decoder.supply(newMessage());
    EXPECT_EQ(decoder.advance(input), Step::FrameReady);
    EXPECT_EQ(decoder.advance(input), Step::FrameReady);
    EXPECT_FALSE(decoder.midFrame());
    EXPECT_TRUE(vector.matches(*decoder.take()));
    EXPECT_EQ(decoder.advance(input), Step::NeedInput);
    EXPECT_EQ(decoder.advance(input), Step::NeedInput);
}

TEST(Decoder, TakesNoByteOfTheNextFrame) {
    const Bytes stream = test::vectorStream();
    std::span<const std::byte> input(stream);
    Decoder decoder;
    std::size_t expectedLeft = stream.size();
    for (const test::Vector& vector : test::vectors()) {
        ASSERT_EQ(decoder.advance(input), Step::NeedMessage);
        decoder.supply(newMessage());
        ASSERT_EQ(decoder.advance(input), Step::FrameReady);
        expectedLeft -= vector.bytes().size();
        EXPECT_EQ(input.size(), expectedLeft) << vector.name;
        EXPECT_TRUE(vector.matches(*decoder.take()));
    }
}

TEST(Decoder, AnEmptyFrameWaitingForItsMessageIsWhole) {
    const Bytes bytes = test::vectors()[0].bytes();
    std::span<const std::byte> input(bytes);
    Decoder decoder;
    ASSERT_EQ(decoder.advance(input), Step::NeedMessage);
    EXPECT_FALSE(decoder.midFrame());
    decoder.supply(newMessage());
    input = {};
    EXPECT_EQ(decoder.advance(input), Step::FrameReady) << "needs no more input";
}

TEST(Decoder, EveryOpCodeIsHandedOn) {
    for (unsigned value = 0; value != 16; ++value) {
        Bytes bytes = fromHex("00010000000000000000000100000000");
        bytes[2] = static_cast<std::byte>(value);
        std::span<const std::byte> input(bytes);
        Decoder decoder;
        ASSERT_EQ(decoder.advance(input), Step::NeedMessage) << value;
        EXPECT_EQ(static_cast<unsigned>(decoder.header().opCode), value);
        EXPECT_EQ(decoder.header().isValid(), value <= 9);
        decoder.supply(newMessage());
        ASSERT_EQ(decoder.advance(input), Step::FrameReady);
        EXPECT_EQ(static_cast<unsigned>(decoder.take()->header.opCode), value);
    }
}

TEST(Decoder, APeerCannotSpeakAsTheEngine) {
    for (unsigned high = 0; high != 16; ++high) {
        Bytes bytes = fromHex("000102c8000000000000000100000000");
        bytes[2] |= static_cast<std::byte>(high << 4);
        Decoder decoder;
        std::vector<MessagePtr> messages;
        ASSERT_TRUE(feed(decoder, bytes, messages));
        ASSERT_EQ(messages.size(), 1U);
        EXPECT_EQ(messages[0]->header.opCode, OpCode::Signal);
        EXPECT_TRUE(messages[0]->isFromApplication()) << high;
        EXPECT_EQ(messages[0]->status(), Status::Success);
        EXPECT_EQ(messages[0]->header.status, 200);
        EXPECT_EQ(messages[0]->hasMore(), (high & 2) != 0);
    }
}

TEST(Decoder, BothPartsAtTheirLimit) {
    Message message;
    message.header.messageId = 5;
    message.textHeaders.append("n", std::string(65535 - 4, 'v'));
    message.body.append(std::string(65535, 'b'));
    const Bytes bytes = encode(message);
    for (const std::size_t piece : {bytes.size(), std::size_t{65535}, std::size_t{1000}, std::size_t{17}}) {
        Decoder decoder;
        std::vector<MessagePtr> messages;
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            ASSERT_TRUE(
                feed(decoder, std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)), messages));
        }
        ASSERT_EQ(messages.size(), 1U);
        EXPECT_TRUE(sameMessage(message, *messages[0]));
    }
}

Bytes frameWithHeaders(std::string_view block, std::string_view body = {}) {
    BinaryHeader header{.channelNumber = 1, .messageId = 1};
    header.textHeadersLength = static_cast<std::uint16_t>(block.size());
    header.bodyLength = static_cast<std::uint16_t>(body.size());
    Bytes bytes;
    test::appendTo(bytes, header.encode());
    test::appendTo(bytes, test::toBytes(block));
    test::appendTo(bytes, test::toBytes(body));
    return bytes;
}

TEST(Decoder, MalformedTextHeadersEndTheStream) {
    using namespace std::string_literals;
    for (const std::string& block : {"no colon\r\n"s, ":x\r\n"s, "a:1\n"s, "a:\0\r\n"s, "a:1\r"s, "x"s}) {
        const Bytes bytes = frameWithHeaders(block, "body");
        for (std::size_t split = 0; split <= bytes.size(); ++split) {
            Decoder decoder;
            std::vector<MessagePtr> messages;
            const bool first = feed(decoder, std::span(bytes).first(split), messages);
            EXPECT_FALSE(first && feed(decoder, std::span(bytes).subspan(split), messages));
            EXPECT_EQ(decoder.error(), Status::InvalidMessage);
            EXPECT_TRUE(messages.empty());
            EXPECT_FALSE(feed(decoder, test::vectorStream(), messages)) << "it cannot go on";
            EXPECT_TRUE(messages.empty());
        }
    }
}

TEST(Decoder, MissingLastLineEndAndEmptyLines) {
    const Bytes bytes = frameWithHeaders("\r\na: 1 \r\n\r\nb:2", "xyz");
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
        Decoder decoder;
        std::vector<MessagePtr> messages;
        ASSERT_TRUE(feed(decoder, std::span(bytes).first(split), messages));
        ASSERT_TRUE(feed(decoder, std::span(bytes).subspan(split), messages));
        ASSERT_EQ(messages.size(), 1U);
        EXPECT_EQ(messages[0]->textHeaders.find("a"), "1");
        EXPECT_EQ(messages[0]->textHeaders.find("b"), "2");
        EXPECT_TRUE(messages[0]->textHeaders.view().ends_with("b:2\r\n"));
        EXPECT_EQ(messages[0]->body.view(), "xyz");
    }
}

TEST(Decoder, DropsWhatASuppliedMessageHeld) {
    const Bytes bytes = test::vectors()[4].bytes();
    std::span<const std::byte> input(bytes);
    Decoder decoder;
    ASSERT_EQ(decoder.advance(input), Step::NeedMessage);
    MessagePtr used = newMessage();
    used->textHeaders.append("old", "header");
    used->body.append("old body");
    decoder.supply(std::move(used));
    ASSERT_EQ(decoder.advance(input), Step::FrameReady);
    EXPECT_TRUE(test::vectors()[4].matches(*decoder.take()));
}

TEST(Decoder, ReusedMessagesCostNoAllocation) {
    Bytes stream;
    for (const std::string block : {"a:1\r\nb:2", "name:value\r\n"}) {
        test::appendTo(stream, frameWithHeaders(block, std::string(3000, 'x')));
    }
    test::appendTo(stream, test::vectorStream());
    Decoder decoder;
    MessagePtr message = newMessage();
    const auto decodeAll = [&] {
        std::span<const std::byte> input(stream);
        int frames = 0;
        for (;;) {
            switch (decoder.advance(input)) {
                case Step::NeedInput:
                    return frames;
                case Step::NeedMessage:
                    decoder.supply(std::move(message));
                    break;
                case Step::FrameReady:
                    message = decoder.take();
                    ++frames;
                    break;
                case Step::Malformed:
                    return -1;
            }
        }
    };
    ASSERT_EQ(decodeAll(), 10);
    const std::uint64_t before = test::allocationCount();
    for (int round = 0; round != 100; ++round)
        decodeAll();
    EXPECT_EQ(test::allocationCount(), before);
}

TEST(Decoder, RandomBytesNeverHurt) {
    for (unsigned seed = 1; seed != 101; ++seed) {
        std::mt19937 random(seed);
        Bytes noise(random() % 4000);
        for (std::byte& byte : noise)
            byte = static_cast<std::byte>(random() % 4 == 0 ? random() : 0);
        Decoder decoder;
        std::vector<MessagePtr> messages;
        const bool good = feed(decoder, noise, messages);
        EXPECT_EQ(good, decoder.error() == Status::Success);
        for (const MessagePtr& message : messages) {
            EXPECT_EQ(message->body.size(), message->header.bodyLength);
            EXPECT_TRUE(message->isFromApplication());
        }
    }
}

}  // namespace
}  // namespace tempeh::wire
