// The decoder's short ways: frames that lie whole in the input, and bodies that were read to where they
// belong.

#include "codec_helpers.hpp"
#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace tempeh::wire {
namespace {

using Step = Decoder::Step;
using test::Bytes;

constexpr std::size_t headBytes = BinaryHeader::wireSize;

MessagePtr makeMessage(std::string_view body, MessageId id = 7) {
    MessagePtr message = newMessage();
    message->header = {.channelNumber = 3, .opCode = OpCode::Request, .messageId = id};
    message->body.append(body);
    return message;
}

Bytes plainBytes(std::string_view body, MessageId id = 7) {
    return encode(*makeMessage(body, id));
}

Bytes bytesWithHeaders(std::string_view body) {
    const MessagePtr message = makeMessage(body);
    message->textHeaders.append("name", "value");
    return encode(*message);
}

/// In a block of its own size, so that a look beyond it is seen by the sanitizer.
class Exact {
public:
    explicit Exact(std::span<const std::byte> bytes) : size_(bytes.size()), block_(new std::byte[size_]) {
        std::copy(bytes.begin(), bytes.end(), block_.get());
    }
    std::span<const std::byte> bytes() const { return {block_.get(), size_}; }

private:
    std::size_t size_;
    std::unique_ptr<std::byte[]> block_;
};

std::span<const std::byte, headBytes> headOf(std::span<const std::byte> frame) {
    return frame.first<headBytes>();
}

/// Leads the decoder up to the body of the frame.
void startBody(Decoder& decoder, std::span<const std::byte>& frame) {
    std::span<const std::byte> head = frame.first(headBytes);
    frame = frame.subspan(headBytes);
    ASSERT_EQ(decoder.advance(head), Step::NeedMessage);
    decoder.supply(newMessage());
}

void expectFrameReady(Decoder& decoder, std::span<const std::byte> rest, std::string_view body) {
    ASSERT_EQ(decoder.advance(rest), Step::FrameReady);
    EXPECT_TRUE(rest.empty());
    const MessagePtr message = decoder.take();
    EXPECT_EQ(message->body.view(), body);
    EXPECT_EQ(message->header.messageId, 7U);
    EXPECT_TRUE(decoder.isBetweenFrames());
}

// --- peekPlain ---

TEST(PeekPlain, FindsAFrameThatLiesWholeInTheInput) {
    for (const std::string& body : {std::string(), std::string("x"), std::string(65'535, 'b')}) {
        const Exact frame(plainBytes(body));
        const Decoder decoder;
        Decoder::PlainFrame found;
        ASSERT_TRUE(decoder.peekPlain(frame.bytes(), found));
        EXPECT_EQ(found.bytes.data(), frame.bytes().data());
        EXPECT_EQ(found.bytes.size(), frame.bytes().size());
        EXPECT_EQ(found.header.messageId, 7U);
        EXPECT_EQ(found.header.bodyLength, body.size());
        EXPECT_TRUE(decoder.isBetweenFrames()) << "a look takes nothing";
    }
}

TEST(PeekPlain, LooksAtTheFirstFrameOnly) {
    Bytes both = plainBytes("first", 1);
    test::appendTo(both, plainBytes("second", 2));
    const Decoder decoder;
    Decoder::PlainFrame found;
    std::span<const std::byte> input(both);
    ASSERT_TRUE(decoder.peekPlain(input, found));
    EXPECT_EQ(found.bytes.size(), headBytes + 5);
    input = input.subspan(found.bytes.size());
    ASSERT_TRUE(decoder.peekPlain(input, found));
    EXPECT_EQ(found.header.messageId, 2U);
    EXPECT_FALSE(decoder.peekPlain(input.subspan(found.bytes.size()), found));
}

TEST(PeekPlain, LeavesEveryPartOfAFrameAlone) {
    const Bytes frame = plainBytes("0123456789");
    for (std::size_t size = 0; size != frame.size(); ++size) {
        const Exact part(std::span<const std::byte>(frame.data(), size));
        const Decoder decoder;
        Decoder::PlainFrame found;
        EXPECT_FALSE(decoder.peekPlain(part.bytes(), found)) << size;
    }
}

TEST(PeekPlain, LeavesTextHeadersAlone) {
    for (const std::string_view body : {"", "with a body"}) {
        Bytes frame = bytesWithHeaders(body);
        test::appendTo(frame, plainBytes("behind"));
        const Decoder decoder;
        Decoder::PlainFrame found;
        EXPECT_FALSE(decoder.peekPlain(frame, found));
    }
}

// What looks like a frame is the rest of another.
TEST(PeekPlain, FindsNothingInTheMiddleOfAFrame) {
    const Bytes inner = plainBytes("inner");
    const Bytes outer = encode(*makeMessage({reinterpret_cast<const char*>(inner.data()), inner.size()}));
    Decoder::PlainFrame found;
    for (std::size_t size = 1; size != outer.size(); ++size) {
        Decoder decoder;
        std::vector<MessagePtr> messages;
        ASSERT_TRUE(feed(decoder, std::span(outer).first(size), messages));
        EXPECT_FALSE(decoder.isBetweenFrames()) << size;
        EXPECT_FALSE(decoder.peekPlain(inner, found)) << size;
    }
}

TEST(PeekPlain, FindsNothingWhileAMessageIsOwedOrNotTaken) {
    const Bytes frame = plainBytes("");
    Decoder decoder;
    Decoder::PlainFrame found;
    std::span<const std::byte> input(frame);
    ASSERT_EQ(decoder.advance(input), Step::NeedMessage);
    EXPECT_FALSE(decoder.isBetweenFrames());
    EXPECT_FALSE(decoder.peekPlain(frame, found));
    decoder.supply(newMessage());
    ASSERT_EQ(decoder.advance(input), Step::FrameReady);
    EXPECT_FALSE(decoder.isBetweenFrames());
    EXPECT_FALSE(decoder.peekPlain(frame, found));
    decoder.take();
    EXPECT_TRUE(decoder.isBetweenFrames());
    EXPECT_TRUE(decoder.peekPlain(frame, found));
}

TEST(PeekPlain, FillsAMessageWithHeaderAndBody) {
    Bytes frame = plainBytes("content");
    frame[2] |= std::byte{0x30};  // origin Engine, more
    frame[3] = std::byte{9};
    const Exact exact(frame);
    const Decoder decoder;
    Decoder::PlainFrame found;
    ASSERT_TRUE(decoder.peekPlain(exact.bytes(), found));
    EXPECT_EQ(found.header.origin, Origin::Engine) << "the peer's word";
    const MessagePtr message = newMessage();
    found.fill(*message);
    EXPECT_EQ(message->header, (BinaryHeader{.channelNumber = 3,
                                             .opCode = OpCode::Request,
                                             .origin = Origin::Application,
                                             .more = true,
                                             .status = 9,
                                             .messageId = 7,
                                             .bodyLength = 7}));
    EXPECT_EQ(message->body.view(), "content");
    EXPECT_TRUE(message->textHeaders.view().empty());
}

TEST(PeekPlain, ASmallFrameCostsNoMemory) {
    const Bytes frame = plainBytes("0123456789abcdef");
    const MessagePtr message = newMessage();
    const Decoder decoder;
    const std::uint64_t before = test::allocationCount();
    Decoder::PlainFrame found;
    ASSERT_TRUE(decoder.peekPlain(frame, found));
    found.fill(*message);
    EXPECT_EQ(test::allocationCount(), before);
}

// --- bodyRoom and commitBody ---

TEST(BodyRoom, IsWhereTheRestOfTheBodyGoes) {
    const std::string body = "0123456789";
    for (std::size_t first = 0; first <= body.size(); ++first) {
        for (std::size_t second = 0; first + second <= body.size(); ++second) {
            const Bytes frame = plainBytes(body);
            std::span<const std::byte> input(frame);
            Decoder decoder;
            ASSERT_NO_FATAL_FAILURE(startBody(decoder, input));
            for (const std::size_t size : {first, second}) {
                const std::span<std::byte> room = decoder.bodyRoom();
                ASSERT_EQ(room.size(), input.size());
                std::copy_n(input.begin(), size, room.begin());
                decoder.commitBody(size);
                input = input.subspan(size);
                if (input.empty()) break;
            }
            ASSERT_NO_FATAL_FAILURE(expectFrameReady(decoder, input, body));
        }
    }
}

TEST(BodyRoom, GoesOnWhereAnotherWayStopped) {
    const Bytes frame = plainBytes("0123456789");
    std::span<const std::byte> input(frame);
    Decoder decoder;
    ASSERT_NO_FATAL_FAILURE(startBody(decoder, input));
    std::span<const std::byte> some = input.first(4);
    ASSERT_EQ(decoder.advance(some), Step::NeedInput);
    const std::span<std::byte> room = decoder.bodyRoom();
    ASSERT_EQ(room.size(), 6U);
    std::copy_n(input.begin() + 4, 3, room.begin());
    decoder.commitBody(3);
    ASSERT_NO_FATAL_FAILURE(expectFrameReady(decoder, input.subspan(7), "0123456789"));
}

TEST(BodyRoom, IsEmptyWhenNoBodyIsUnderWay) {
    Decoder decoder;
    EXPECT_TRUE(decoder.bodyRoom().empty()) << "between frames";
    const Bytes frame = bytesWithHeaders("body");
    std::span<const std::byte> input(frame);
    std::span<const std::byte> part = input.first(5);
    decoder.advance(part);
    EXPECT_TRUE(decoder.bodyRoom().empty()) << "in the header";
    part = input.subspan(5, headBytes - 5);
    ASSERT_EQ(decoder.advance(part), Step::NeedMessage);
    EXPECT_TRUE(decoder.bodyRoom().empty()) << "without a message";
    decoder.supply(newMessage());
    EXPECT_TRUE(decoder.bodyRoom().empty()) << "before the text headers";
    part = input.subspan(headBytes, 4);
    decoder.advance(part);
    EXPECT_TRUE(decoder.bodyRoom().empty()) << "in the text headers";
    part = input.subspan(headBytes + 4, frame.size() - headBytes - 8);
    decoder.advance(part);
    EXPECT_EQ(decoder.bodyRoom().size(), 4U);
    part = input.last(4);
    ASSERT_EQ(decoder.advance(part), Step::FrameReady);
    EXPECT_TRUE(decoder.bodyRoom().empty()) << "behind the body";
}

TEST(BodyRoom, IsEmptyForAFrameWithoutABody) {
    const Bytes frame = plainBytes("");
    std::span<const std::byte> input(frame);
    Decoder decoder;
    ASSERT_NO_FATAL_FAILURE(startBody(decoder, input));
    EXPECT_TRUE(decoder.bodyRoom().empty());
    EXPECT_EQ(decoder.advance(input), Step::FrameReady);
}

// --- supplyExpected ---

/// A message whose body was read in advance: `expected` bytes of room, the first ones of `read` in it.
MessagePtr readAhead(std::size_t expected, std::span<const std::byte> read) {
    MessagePtr message = newMessage();
    const std::span<std::byte> room = message->body.prepare(expected);
    std::copy(read.begin(), read.end(), room.begin());
    return message;
}

TEST(SupplyExpected, TakesABodyOfWhichAnythingWasRead) {
    const std::string body(9'000, 'e');
    const Bytes frame = plainBytes(body);
    const std::span<const std::byte> all(frame);
    for (const std::size_t read : {std::size_t{0}, std::size_t{1}, std::size_t{8'999}, std::size_t{9'000}}) {
        Decoder decoder;
        MessagePtr message = readAhead(body.size(), all.subspan(headBytes, read));
        ASSERT_TRUE(decoder.supplyExpected(headOf(all), message, body.size(), read));
        EXPECT_EQ(message, nullptr);
        EXPECT_FALSE(decoder.isBetweenFrames());
        EXPECT_TRUE(read == body.size() || decoder.midFrame());
        EXPECT_EQ(decoder.bodyRoom().size(), body.size() - read);
        ASSERT_NO_FATAL_FAILURE(expectFrameReady(decoder, all.subspan(headBytes + read), body));
    }
}

TEST(SupplyExpected, TheRestMayComeThroughBodyRoom) {
    const std::string body = "0123456789";
    const Bytes frame = plainBytes(body);
    const std::span<const std::byte> all(frame);
    Decoder decoder;
    MessagePtr message = readAhead(body.size(), all.subspan(headBytes, 3));
    ASSERT_TRUE(decoder.supplyExpected(headOf(all), message, body.size(), 3));
    std::ranges::copy(all.last(7), decoder.bodyRoom().begin());
    decoder.commitBody(7);
    ASSERT_NO_FATAL_FAILURE(expectFrameReady(decoder, {}, body));
}

TEST(SupplyExpected, TheOriginIsTheApplication) {
    Bytes frame = plainBytes("body");
    frame[2] |= std::byte{0x10};
    Decoder decoder;
    MessagePtr message = readAhead(4, std::span(frame).last(4));
    ASSERT_TRUE(decoder.supplyExpected(headOf(frame), message, 4, 4));
    EXPECT_EQ(decoder.header().origin, Origin::Application);
    EXPECT_EQ(decoder.take()->header.origin, Origin::Application);
}

TEST(SupplyExpected, OfAnotherFrameNothingHappens) {
    const Bytes shorter = plainBytes("short");
    const Bytes longer = plainBytes("0123456789abcdef");
    const Bytes withHeaders = bytesWithHeaders("0123456789");
    const Bytes empty = plainBytes("");
    for (const Bytes& frame : {shorter, longer, withHeaders, empty}) {
        constexpr std::size_t expected = 10;
        const std::span<const std::byte> all(frame);
        const std::size_t read = std::min(expected, all.size() - headBytes);
        Decoder decoder;
        MessagePtr message = readAhead(expected, all.subspan(headBytes, read));
        ASSERT_FALSE(decoder.supplyExpected(headOf(all), message, expected, read));
        EXPECT_NE(message, nullptr) << "the caller keeps it";
        EXPECT_TRUE(decoder.isBetweenFrames());
        EXPECT_FALSE(decoder.midFrame());
        std::vector<MessagePtr> messages;
        ASSERT_TRUE(feed(decoder, all, messages));
        ASSERT_EQ(messages.size(), 1U);
        EXPECT_EQ(encode(*messages.front()), frame);
    }
}

// --- Every way gives the same ---

/// Goes through the stream by whichever way, as the dice say.
class AnyWay {
public:
    explicit AnyWay(unsigned seed) : random_(seed) {}

    void feed(std::span<const std::byte> piece) {
        const Exact exact(piece);
        std::span<const std::byte> input = exact.bytes();
        while (takePlain(input) || takeExpected(input) || takeBody(input) || step(input)) {
        }
        EXPECT_TRUE(input.empty());
    }

    std::vector<MessagePtr> messages;
    int plain = 0;
    int expected = 0;
    int refused = 0;
    int bodies = 0;

private:
    bool oneIn(unsigned count) { return random_() % count == 0; }

    bool takePlain(std::span<const std::byte>& input) {
        Decoder::PlainFrame frame;
        if (oneIn(3) || !decoder_.peekPlain(input, frame)) return false;
        ++plain;
        messages.push_back(newMessage());
        frame.fill(*messages.back());
        input = input.subspan(frame.bytes.size());
        return true;
    }
    /// As if head and body had been read into two places.
    bool takeExpected(std::span<const std::byte>& input) {
        if (oneIn(3) || !decoder_.isBetweenFrames() || input.size() < headBytes) return false;
        const std::size_t really = BinaryHeader::decode(headOf(input)).bodyLength;
        const std::size_t guess = oneIn(2) ? really : random_() % 100;
        const std::size_t read = std::min(guess, input.size() - headBytes);
        MessagePtr message = readAhead(guess, input.subspan(headBytes, read));
        if (!decoder_.supplyExpected(headOf(input), message, guess, read)) {
            ++refused;
            return false;
        }
        ++expected;
        input = input.subspan(headBytes + read);
        return true;
    }
    bool takeBody(std::span<const std::byte>& input) {
        const std::span<std::byte> room = decoder_.bodyRoom();
        if (oneIn(3) || room.empty() || input.empty()) return false;
        const std::size_t size = std::min(room.size(), input.size());
        std::copy_n(input.begin(), size, room.begin());
        decoder_.commitBody(size);
        input = input.subspan(size);
        ++bodies;
        return true;
    }
    bool step(std::span<const std::byte>& input) {
        switch (decoder_.advance(input)) {
            case Step::NeedInput:
                return false;
            case Step::NeedMessage:
                decoder_.supply(newMessage());
                return true;
            case Step::FrameReady:
                messages.push_back(decoder_.take());
                return true;
            case Step::Malformed:
                ADD_FAILURE() << "malformed";
                return false;
        }
        return false;
    }

    std::mt19937 random_;
    Decoder decoder_;
};

TEST(DecoderShortcuts, GiveTheSameMessagesAsTheLongWay) {
    int plain = 0;
    int expected = 0;
    int refused = 0;
    int bodies = 0;
    for (unsigned seed = 1; seed != 21; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        Bytes stream;
        for (int i = 0; i != 200; ++i)
            test::appendTo(stream, encode(*randomMessage(random)));
        Decoder decoder;
        std::vector<MessagePtr> theLongWay;
        AnyWay anyWay(seed);
        for (std::size_t at = 0; at != stream.size();) {
            const std::size_t longest = random() % 3 == 0 ? 20 : 5000;
            const std::size_t size = std::min<std::size_t>(random() % longest, stream.size() - at);
            const std::span<const std::byte> piece = std::span(stream).subspan(at, size);
            ASSERT_TRUE(feed(decoder, piece, theLongWay));
            anyWay.feed(piece);
            at += size;
        }
        ASSERT_EQ(theLongWay.size(), 200U);
        ASSERT_EQ(anyWay.messages.size(), 200U);
        for (std::size_t i = 0; i != 200; ++i) {
            ASSERT_EQ(anyWay.messages[i]->header, theLongWay[i]->header) << i;
            ASSERT_EQ(anyWay.messages[i]->body.view(), theLongWay[i]->body.view()) << i;
            ASSERT_EQ(anyWay.messages[i]->textHeaders.view(), theLongWay[i]->textHeaders.view()) << i;
        }
        plain += anyWay.plain;
        expected += anyWay.expected;
        refused += anyWay.refused;
        bodies += anyWay.bodies;
    }
    // Every way was really taken.
    EXPECT_GT(plain, 100);
    EXPECT_GT(expected, 100);
    EXPECT_GT(refused, 100);
    EXPECT_GT(bodies, 100);
}

}  // namespace
}  // namespace tempeh::wire
