#pragma once

#include <cstdint>
#include <string_view>

namespace tempeh::machines {

/// Why a channel ended.
enum class EndCause : std::uint8_t {
    LocalClose,     ///< ByeSignal, or the group is gone.
    ByeDone,        ///< The bye handshake is complete.
    PeerClosed,     ///< The peer closed or reset the connection, or said so with a ByeSignal.
    ConnectFailed,  ///< No connection came about.
    ConnectTimeout,
    HelloTimeout,  ///< Accepted, but no HelloRequest in time.
    ByeTimeout,    ///< No ByeResponse in time.
    Violation,     ///< The peer broke the protocol.
    Failure,       ///< Memory or the operating system.
    Shutdown,      ///< The engine stops.
    FrameTimeout,  ///< A frame of the peer's does not move on.
    WriteTimeout,  ///< The peer takes nothing.
    Refused,       ///< A ByeSignal was the answer to the hello.
};

/// One line for `~reason`, for example "the peer broke the protocol: InvalidOpCode".
std::string_view describe(EndCause cause) noexcept;

}  // namespace tempeh::machines
