#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/message/big_endian.hpp>
#include <tempeh/message/op_code.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>

namespace tempeh {

/// The fixed part of every message: 16 bytes on the wire (docs/wire.md). A plain value.
struct BinaryHeader {
    static constexpr std::size_t wireSize = 16;  ///< Bytes.
    /// The header as on the wire.
    using Bytes = std::array<std::byte, wireSize>;

    ChannelNumber channelNumber = 0;      ///< The channel, as numbered by the engine that holds this message.
    OpCode opCode = OpCode::Request;      ///< A decoded header may have a value without a name: isValid().
    Origin origin = Origin::Application;  ///< Engine: status() of the message says what happened.
    bool more = false;                    ///< Further messages of the same logical value follow.
    std::uint8_t status = 0;              ///< Raw: the application's own value unless origin is Engine.
    MessageId messageId = 0;              ///< 0: assigned when posted.
    std::uint16_t textHeadersLength = 0;  ///< Bytes. Set by the engine when a frame is written or read.
    std::uint16_t bodyLength = 0;         ///< Bytes. Set by the engine when a frame is written or read.

    /// The opcode's family, and its role in an exchange.
    constexpr MessageType type() const noexcept { return typeOf(opCode); }
    constexpr MessageRole role() const noexcept { return roleOf(opCode); }

    /// True for a known opcode, with `more` only where it is allowed and an id where an answer needs one.
    constexpr bool isValid() const noexcept {
        const bool answersPeer =
            opCode == OpCode::Response || opCode == OpCode::HelloResponse || opCode == OpCode::ByeResponse;
        return isKnown(opCode) && (!more || isRegular(opCode)) && (messageId != 0 || !answersPeer);
    }

    /// Writes the 16 bytes of the wire form. Never fails; does not check the fields.
    constexpr void encode(std::span<std::byte, wireSize> out) const noexcept {
        const std::uint64_t proto = (static_cast<std::uint64_t>(opCode) & opCodeMask) |
                                    (origin == Origin::Engine ? originBit : 0U) | (more ? moreBit : 0U);
        detail::storeBig64(out.data(), std::uint64_t{channelNumber} << 48 | proto << 40 |
                                           std::uint64_t{status} << 32 | messageId >> 32);
        detail::storeBig64(out.data() + 8,
                           messageId << 32 | std::uint64_t{textHeadersLength} << 16 | bodyLength);
    }
    constexpr Bytes encode() const noexcept {
        Bytes bytes{};
        encode(bytes);
        return bytes;
    }

    /// Reads the 16 bytes. Never fails; check isValid(). Ignores bits 6-7, which are internal to engines.
    [[gnu::always_inline]] static constexpr BinaryHeader decode(
        std::span<const std::byte, wireSize> in) noexcept {
        const std::uint64_t first = detail::loadBig64(in.data());
        const std::uint64_t second = detail::loadBig64(in.data() + 8);
        const std::uint64_t proto = first >> 40;
        return {.channelNumber = static_cast<ChannelNumber>(first >> 48),
                .opCode = static_cast<OpCode>(proto & opCodeMask),
                .origin = static_cast<Origin>((proto & originBit) >> 4),
                .more = (proto & moreBit) != 0,
                .status = static_cast<std::uint8_t>(first >> 32),
                .messageId = first << 32 | second >> 32,
                .textHeadersLength = static_cast<std::uint16_t>(second >> 16),
                .bodyLength = static_cast<std::uint16_t>(second)};
    }

    friend bool operator==(const BinaryHeader&, const BinaryHeader&) = default;

private:
    static constexpr std::uint64_t opCodeMask = 0x0f;
    static constexpr std::uint64_t originBit = 0x10;
    static constexpr std::uint64_t moreBit = 0x20;
};

/// One line for people: `channel 7 Request more id 42 headers 13 body 7`. Between opcode and `more` comes the
/// status: by name if the engine made the message, otherwise the application's own value unless it is 0.
TEMPEH_EXPORT std::string toString(const BinaryHeader& header);
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, const BinaryHeader& header);

}  // namespace tempeh
