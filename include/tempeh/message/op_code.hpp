#pragma once

#include <tempeh/base/export.hpp>

#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace tempeh {

/// The number of a channel inside one engine, 1 to 65534. 0 means "not assigned yet"; 65535 is never used.
using ChannelNumber = std::uint16_t;

/// Correlates messages. 0 means "assign one when the message is posted".
using MessageId = std::uint64_t;

/// What a message is for. The values are those of the wire (bits 0-3 of the proto byte).
enum class OpCode : std::uint8_t {
    Request = 0,          ///< Asks; expects a Response with the same id.
    Response = 1,         ///< Answers a Request.
    Signal = 2,           ///< Tells; expects nothing.
    HelloRequest = 3,     ///< Opens a channel to a server.
    HelloResponse = 4,    ///< The server's answer to HelloRequest.
    ByeRequest = 5,       ///< Ends a channel once everything queued before it was sent.
    ByeResponse = 6,      ///< Answers ByeRequest; the last message of a stream.
    ByeSignal = 7,        ///< Ends a channel at once. Local: tempeh never sends it (a tofu peer may).
    WelcomeRequest = 8,   ///< Opens a listener. Local: never crosses the wire.
    WelcomeResponse = 9,  ///< The engine's answer to WelcomeRequest. Local: never crosses the wire.
};

/// The family that an OpCode belongs to.
enum class MessageType : std::uint8_t { Regular, Hello, Bye, Welcome };

/// The role of a message in an exchange.
enum class MessageRole : std::uint8_t { Request, Response, Signal };

/// The maker of a message: an application (this one or the peer's), or this process's own engine.
enum class Origin : std::uint8_t { Application = 0, Engine = 1 };

/// True for the ten opcodes above. A byte from the wire may hold six other values.
constexpr bool isKnown(OpCode opCode) noexcept {
    return static_cast<std::uint8_t>(opCode) <= 9;
}

/// True for opcodes that may cross the wire (docs/wire.md).
constexpr bool crossesTheWire(OpCode opCode) noexcept {
    return static_cast<std::uint8_t>(opCode) <= 6;
}

/// True for Request, Response and Signal, the only opcodes that may carry `more`.
constexpr bool isRegular(OpCode opCode) noexcept {
    return static_cast<std::uint8_t>(opCode) <= 2;
}

/// The family; Regular for a value without a name.
constexpr MessageType typeOf(OpCode opCode) noexcept {
    switch (opCode) {
        case OpCode::HelloRequest:
        case OpCode::HelloResponse:
            return MessageType::Hello;
        case OpCode::ByeRequest:
        case OpCode::ByeResponse:
        case OpCode::ByeSignal:
            return MessageType::Bye;
        case OpCode::WelcomeRequest:
        case OpCode::WelcomeResponse:
            return MessageType::Welcome;
        default:
            return MessageType::Regular;
    }
}

/// The role. For a value without a name it is Signal, which needs no answer.
constexpr MessageRole roleOf(OpCode opCode) noexcept {
    switch (opCode) {
        case OpCode::Request:
        case OpCode::HelloRequest:
        case OpCode::ByeRequest:
        case OpCode::WelcomeRequest:
            return MessageRole::Request;
        case OpCode::Response:
        case OpCode::HelloResponse:
        case OpCode::ByeResponse:
        case OpCode::WelcomeResponse:
            return MessageRole::Response;
        default:
            return MessageRole::Signal;
    }
}

/// The enumerator's name, "unknown" for a value that has none.
TEMPEH_EXPORT std::string_view nameOf(OpCode opCode) noexcept;
TEMPEH_EXPORT std::string_view nameOf(MessageType type) noexcept;
TEMPEH_EXPORT std::string_view nameOf(MessageRole role) noexcept;
TEMPEH_EXPORT std::string_view nameOf(Origin origin) noexcept;

/// Writes the name.
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, OpCode opCode);
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, MessageType type);
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, MessageRole role);
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, Origin origin);

}  // namespace tempeh
