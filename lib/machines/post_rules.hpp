#pragma once

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/message/message.hpp>

namespace tempeh::machines {

/// The longest text headers and the longest body of a frame, bytes (docs/wire.md).
inline constexpr std::size_t maxPartBytes = 65'535;

/// The common case of checkPost(), true: a regular message for some channel that may go on.
inline bool isPlainPost(const Message& message) noexcept {
    const BinaryHeader& header = message.header;
    return isRegular(header.opCode) && (header.opCode != OpCode::Response || header.messageId != 0) &&
           header.channelNumber != 0 && message.textHeaders.sizeBytes() <= maxPartBytes &&
           message.body.size() <= maxPartBytes && !detail::TextBlock::isMalformed(message.textHeaders);
}

/// What a message that an application posts needs, as far as the message alone tells
/// (docs/concepts/errors.md): opcode, id, more, channel number zero or not, lengths, a malformed block of
/// text headers, address header. Success when it may go on.
Status checkPost(const Message* message) noexcept;

}  // namespace tempeh::machines
