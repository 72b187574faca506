#pragma once

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/message/message.hpp>

namespace tempeh::machines {

/// Maximum length of the text headers and of the body of a frame, in bytes (docs/wire.md).
inline constexpr std::size_t maxPartBytes = 65'535;

/// True in the common case of checkPost(): a regular message for a channel that passes every check.
inline bool isPlainPost(const Message& message) noexcept {
    const BinaryHeader& header = message.header;
    return isRegular(header.opCode) && (header.opCode != OpCode::Response || header.messageId != 0) &&
           header.channelNumber != 0 && message.textHeaders.sizeBytes() <= maxPartBytes &&
           message.body.size() <= maxPartBytes && !detail::TextBlock::isMalformed(message.textHeaders);
}

/// Checks a posted message as far as the message alone allows (docs/concepts/errors.md): opcode, id, more,
/// channel number zero or not, lengths, malformed text headers, address header. Success when it is valid.
Status checkPost(const Message* message) noexcept;

}  // namespace tempeh::machines
