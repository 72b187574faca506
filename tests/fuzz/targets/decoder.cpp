// The wire decoder: arbitrary bytes, whole and split at arbitrary points, every way of feeding it that the
// engine uses, judged by a second reading of WIRE. Input: how to split (1 byte), then the stream.

#include "wire/decoder.hpp"

#include "base/random.hpp"
#include "fuzz/support/fence.hpp"
#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"
#include "fuzz/support/message_pool.hpp"
#include "fuzz/support/reference.hpp"
#include "wire/encoder.hpp"

#include <tempeh/message/detail/text_block.hpp>

namespace tempeh::fuzz {
namespace {

using wire::Decoder;

constexpr std::size_t maxPart = 65'535;
constexpr std::size_t maxFrame = BinaryHeader::wireSize + 2 * maxPart;
constexpr std::size_t maxStream = 256 * 1024;

/// What the bytes of a stream mean, compared message by message with what the decoder makes of them.
class Judge {
public:
    explicit Judge(Bytes stream) : rest_(textOf(stream)) { readNext(); }

    void onHeader(const BinaryHeader& header) const {
        BinaryHeader claimed = frame_.header;
        claimed.origin = Origin::Application;
        FUZZ_CHECK(rest_.size() >= BinaryHeader::wireSize);
        FUZZ_CHECK(header == claimed);
    }

    void onMessage(const Message& message) {
        FUZZ_CHECK(outcome_ == reference::Outcome::Whole);
        onHeader(message.header);
        FUZZ_CHECK(message.isFromApplication());
        FUZZ_CHECK(message.body.view() == frame_.body);
        const std::string_view text = message.textHeaders.view();
        FUZZ_CHECK(text.starts_with(frame_.textHeaders));
        const bool isComplete = frame_.textHeaders.empty() || frame_.textHeaders.ends_with("\r\n");
        FUZZ_CHECK(text.substr(frame_.textHeaders.size()) == (isComplete ? "" : "\r\n"));
        checkEncoding(message, isComplete);
        rest_ = after_;
        readNext();
    }

    void onMalformed(const Decoder& decoder) const {
        FUZZ_CHECK(outcome_ == reference::Outcome::Malformed);
        FUZZ_CHECK(decoder.error() == Status::InvalidMessage);
    }

    void onEnd(const Decoder& decoder) const {
        FUZZ_CHECK(outcome_ == reference::Outcome::Truncated);
        FUZZ_CHECK(decoder.midFrame() == !rest_.empty());
        FUZZ_CHECK(decoder.isBetweenFrames() == rest_.empty());
    }

private:
    void readNext() {
        after_ = rest_;
        outcome_ = reference::takeFrame(after_, frame_);
    }

    /// Decoded and encoded again it is the same frame, but for the bits that are not sent.
    void checkEncoding(const Message& message, bool isComplete) const {
        static Fence room(maxFrame);
        if (message.textHeaders.sizeBytes() > maxPart) return;  // cannot be posted
        const std::span<std::byte> out = room.resize(wire::frameSize(message));
        FUZZ_CHECK(wire::encodeFrame(message, out.data()) == out.size());
        const std::string_view encoded = textOf(out);
        const std::string_view original = rest_.substr(0, rest_.size() - after_.size());
        constexpr std::size_t protoAt = 2;
        constexpr char sentBits = 0x2f;
        FUZZ_CHECK(encoded.substr(0, protoAt) == original.substr(0, protoAt));
        FUZZ_CHECK(encoded[protoAt] == (original[protoAt] & sentBits));
        if (isComplete)
            FUZZ_CHECK(encoded.substr(protoAt + 1) == original.substr(protoAt + 1));
        else
            FUZZ_CHECK(encoded.size() == original.size() + 2);
    }

    std::string_view rest_;
    std::string_view after_;
    reference::Frame frame_;
    reference::Outcome outcome_ = reference::Outcome::Truncated;
};

/// Feeds a decoder as the engine does.
class Feeder {
public:
    Feeder(Judge& judge, base::Random& random, unsigned ways)
        : judge_(judge)
        , random_(random)
        , takesPlain_((ways & 1) != 0)
        , fillsRoom_((ways & 2) != 0)
        , expects_((ways & 4) != 0) {}

    /// False: malformed.
    bool feed(Bytes input) {
        if (expects_) takeExpected(input);
        for (;;) {
            if (takesPlain_) takePlain(input);
            if (fillsRoom_) fillRoom(input);
            const std::size_t before = input.size();
            const Decoder::Step step = decoder_.advance(input);
            FUZZ_CHECK(input.size() <= before);
            if (step == Decoder::Step::NeedInput) {
                FUZZ_CHECK(input.empty());
                return true;
            }
            if (step == Decoder::Step::Malformed) {
                judge_.onMalformed(decoder_);
                FUZZ_CHECK(decoder_.advance(input) == Decoder::Step::Malformed);
                return false;
            }
            if (step == Decoder::Step::NeedMessage)
                supply();
            else
                judge_.onMessage(*decoder_.take());
        }
    }

    const Decoder& decoder() const { return decoder_; }

private:
    void supply() {
        judge_.onHeader(decoder_.header());
        MessagePtr message = newMessage();
        message->body.append(std::string_view("of an earlier life"));
        Message& supplied = *message;
        decoder_.supply(std::move(message));
        constexpr std::size_t most = 2 * (maxPart + 1);
        FUZZ_CHECK(detail::TextBlock::heapBytes(supplied.textHeaders) <= most &&
                   supplied.body.heapBytes() <= most);
    }

    void takePlain(Bytes& input) {
        Decoder::PlainFrame frame;
        while (decoder_.peekPlain(input, frame)) {
            const MessagePtr message = newMessage();
            frame.fill(*message);
            judge_.onMessage(*message);
            input = input.subspan(frame.bytes.size());
        }
    }

    void fillRoom(Bytes& input) {
        const std::span<std::byte> room = decoder_.bodyRoom();
        const std::size_t size = std::min(room.size(), input.size());
        if (size == 0) return;
        std::memcpy(room.data(), input.data(), size);
        decoder_.commitBody(size);
        input = input.subspan(size);
    }

    /// As a read into header, body and the rest at once.
    void takeExpected(Bytes& input) {
        if (!decoder_.isBetweenFrames() || input.size() < BinaryHeader::wireSize) return;
        const auto head = input.first<BinaryHeader::wireSize>();
        const BinaryHeader header = BinaryHeader::decode(head);
        const std::size_t expected = random_.below(4) == 0 ? random_.below(64) : header.bodyLength;
        MessagePtr message = newMessage();
        const std::span<std::byte> room = message->body.prepare(expected);
        const Bytes body = input.subspan(head.size()).first(std::min(expected, input.size() - head.size()));
        if (!body.empty()) std::memcpy(room.data(), body.data(), body.size());
        if (decoder_.supplyExpected(head, message, expected, body.size())) {
            FUZZ_CHECK(message == nullptr);
            input = input.subspan(head.size() + body.size());
        } else {
            FUZZ_CHECK(message != nullptr && decoder_.isBetweenFrames());
            FUZZ_CHECK(header.textHeadersLength != 0 || header.bodyLength != expected);
        }
    }

    Judge& judge_;
    base::Random& random_;
    Decoder decoder_;
    bool takesPlain_;
    bool fillsRoom_;
    bool expects_;
};

std::size_t partSize(base::Random& random, unsigned kind) {
    switch (kind) {
        case 0:
            return 1;
        case 1:
            return 1 + random.below(20);
        case 2:
            return 1 + random.below(random.below(3) == 0 ? 300 : 8);
        default:
            return 16;
    }
}

void decodeSplit(Bytes stream, unsigned how) {
    static Fence part(maxStream);
    Judge judge(stream);
    base::Random random(how);
    Feeder feeder(judge, random, how >> 2U);
    while (!stream.empty()) {
        const std::size_t size = std::min(partSize(random, how & 3U), stream.size());
        if (!feeder.feed(part.hold(stream.first(size)))) return;
        stream = stream.subspan(size);
    }
    judge.onEnd(feeder.decoder());
}

void decodeWhole(Bytes stream) {
    Judge judge(stream);
    base::Random random(0);
    Feeder feeder(judge, random, 0);
    if (feeder.feed(stream)) judge.onEnd(feeder.decoder());
}

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(decoder) {
    tempeh::fuzz::Input parameters(input);
    const unsigned how = parameters.byte();
    const tempeh::fuzz::Bytes stream = parameters.take(tempeh::fuzz::maxStream);
    tempeh::fuzz::decodeWhole(stream);
    tempeh::fuzz::decodeSplit(stream, how);
}
