#pragma once

#include "fuzz/support/input.hpp"
#include "fuzz/support/message_pool.hpp"
#include "wire/encoder.hpp"

#include <array>
#include <cstring>
#include <vector>

namespace tempeh::fuzz {

/// A message made of a few bytes of input: some small, some as long as can be.
inline MessagePtr scriptedMessage(Input& input, OpCode opCode, MessageId id) {
    static constexpr std::array<std::size_t, 16> sizes{
        0, 1, 16, 95, 96, 97, 700, 2000, 4095, 4096, 4097, 9000, 20'000, 32'768, 65'534, 65'535};
    const unsigned shape = input.byte();
    MessagePtr message = newMessage();
    message->header = {.channelNumber = static_cast<ChannelNumber>(id * 3),
                       .opCode = opCode,
                       .more = (shape & 64) != 0 && isRegular(opCode),
                       .status = static_cast<std::uint8_t>(shape),
                       .messageId = id};
    if ((shape & 16) != 0) message->textHeaders.append("n", input.text(input.byte()).substr(0, 0));
    if ((shape & 48) == 48)
        message->textHeaders.append("long", std::string(sizes[input.byte() % 16U] % 65'500, 'h'));
    const std::size_t size = (shape & 128) != 0 ? sizes[shape % 16] : shape % 16;
    const std::span<std::byte> room = message->body.prepare(size);
    if (size != 0) std::memset(room.data(), static_cast<int>('a' + id % 26), size);
    message->body.commit(size);
    return message;
}

/// The frame, encoded in the plainest way, added to what a socket should see.
inline void appendFrame(std::vector<std::byte>& bytes, const Message& message) {
    BinaryHeader header = message.header;
    header.origin = Origin::Application;
    header.textHeadersLength = static_cast<std::uint16_t>(message.textHeaders.sizeBytes());
    header.bodyLength = static_cast<std::uint16_t>(message.body.size());
    const BinaryHeader::Bytes head = header.encode();
    const Bytes text = std::as_bytes(std::span(message.textHeaders.view()));
    const Bytes body = message.body.bytes();
    bytes.insert(bytes.end(), head.begin(), head.end());
    bytes.insert(bytes.end(), text.begin(), text.end());
    bytes.insert(bytes.end(), body.begin(), body.end());
}

}  // namespace tempeh::fuzz
