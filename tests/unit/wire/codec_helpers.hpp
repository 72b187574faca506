#pragma once

#include "support/hex.hpp"
#include "support/vectors.hpp"
#include "wire/decoder.hpp"
#include "wire/encoder.hpp"

#include <algorithm>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace tempeh::wire {

inline MessagePtr newMessage() {
    return MessagePtr(new Message);
}

inline test::Bytes encode(const Message& message) {
    test::Bytes bytes(frameSize(message));
    bytes.resize(encodeFrame(message, bytes.data()));
    return bytes;
}

/// Feeds one piece of a stream and collects what comes out. The piece lies in a block of its own size, so
/// that a read beyond it is seen by the sanitizer. False: malformed.
inline bool feed(Decoder& decoder, std::span<const std::byte> piece, std::vector<MessagePtr>& out) {
    const auto copy = std::make_unique<std::byte[]>(piece.size());
    std::copy(piece.begin(), piece.end(), copy.get());
    std::span<const std::byte> input(copy.get(), piece.size());
    for (;;) {
        switch (decoder.advance(input)) {
            case Decoder::Step::NeedInput:
                return input.empty();
            case Decoder::Step::NeedMessage:
                decoder.supply(newMessage());
                break;
            case Decoder::Step::FrameReady:
                out.push_back(decoder.take());
                break;
            case Decoder::Step::Malformed:
                return false;
        }
    }
}

inline std::string randomText(std::mt19937& random, std::size_t longest) {
    std::string text(random() % (longest + 1), ' ');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
    return text;
}

/// Any frame that may cross the wire: mostly small, sometimes large.
inline MessagePtr randomMessage(std::mt19937& random) {
    MessagePtr message = newMessage();
    message->header.channelNumber = static_cast<ChannelNumber>(random());
    message->header.opCode = static_cast<OpCode>(random() % 7);
    message->header.more = random() % 2 == 0;
    message->header.status = static_cast<std::uint8_t>(random());
    message->header.messageId = std::uint64_t{random()} << 32 | random();
    for (auto count = random() % 4; count != 0; --count) {
        std::string name = "name-" + std::to_string(random() % 1000);
        message->textHeaders.append(name, std::string(random() % 30, 'v'));
    }
    message->body.append(randomText(random, random() % 16 == 0 ? 20000 : 60));
    return message;
}

/// Same content; the lengths are only set in what was decoded.
inline bool sameMessage(const Message& sent, const Message& received) {
    BinaryHeader expected = sent.header;
    expected.textHeadersLength = static_cast<std::uint16_t>(sent.textHeaders.sizeBytes());
    expected.bodyLength = static_cast<std::uint16_t>(sent.body.size());
    return received.header == expected && received.textHeaders.view() == sent.textHeaders.view() &&
           received.body.view() == sent.body.view();
}

}  // namespace tempeh::wire
