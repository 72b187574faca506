#pragma once

#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace tempeh::wire {

/// Length of header and text headers on the wire, in bytes.
inline std::size_t headSize(const Message& message) noexcept {
    return BinaryHeader::wireSize + message.textHeaders.sizeBytes();
}

/// Length of the message's frame in bytes. The message must have passed machines::checkPost().
inline std::size_t frameSize(const Message& message) noexcept {
    return headSize(message) + message.body.size();
}

/// Writes header and text headers at `out`, which must have room, and returns the bytes written. The header
/// on the wire has origin Application, internal bits 0 and the true lengths (docs/wire.md).
inline std::size_t encodeHead(const Message& message, std::byte* out) noexcept {
    const std::string_view textHeaders = message.textHeaders.view();
    BinaryHeader header = message.header;
    header.origin = Origin::Application;
    header.textHeadersLength = static_cast<std::uint16_t>(textHeaders.size());
    header.bodyLength = static_cast<std::uint16_t>(message.body.size());
    header.encode(std::span<std::byte, BinaryHeader::wireSize>(out, BinaryHeader::wireSize));
    if (!textHeaders.empty()) {
        std::memcpy(out + BinaryHeader::wireSize, textHeaders.data(), textHeaders.size());
    }
    return BinaryHeader::wireSize + textHeaders.size();
}

/// Writes the whole frame: encodeHead(), then the body. Exactly frameSize() bytes.
inline std::size_t encodeFrame(const Message& message, std::byte* out) noexcept {
    const std::size_t head = encodeHead(message, out);
    const std::span<const std::byte> body = message.body.bytes();
    if (!body.empty()) std::memcpy(out + head, body.data(), body.size());
    return head + body.size();
}

}  // namespace tempeh::wire
