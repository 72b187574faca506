#pragma once

#include <cstdint>
#include <string_view>

namespace tempeh::machines {

/// Why a channel ended.
enum class EndCause : std::uint8_t {
    LocalClose,     ///< ByeSignal, or the group has ended.
    ByeDone,        ///< The bye handshake is complete.
    PeerClosed,     ///< The peer closed or reset the connection, or announced it with a ByeSignal.
    ConnectFailed,  ///< No connection was made.
    ConnectTimeout,
    HelloTimeout,  ///< Accepted, but no HelloRequest in time.
    ByeTimeout,    ///< No ByeResponse in time.
    Violation,     ///< The peer broke the protocol.
    Failure,       ///< Memory or the operating system.
    Shutdown,      ///< The engine is shutting down.
    FrameTimeout,  ///< A frame from the peer makes no progress.
    WriteTimeout,  ///< The peer accepts no data.
    Refused,       ///< The peer answered the hello with a ByeSignal.
};

/// One line for `~reason`, for example "the peer broke the protocol: InvalidOpCode".
std::string_view describe(EndCause cause) noexcept;

}  // namespace tempeh::machines
