#pragma once

#include <cstdint>

namespace tempeh {

/// The process at the other end of a Unix socket, as the kernel reported it when the connection was made.
struct PeerCredentials {
    std::int64_t pid = -1;  ///< Process id.
    std::uint32_t uid = 0;  ///< User id.
    std::uint32_t gid = 0;  ///< Group id.

    friend bool operator==(const PeerCredentials&, const PeerCredentials&) = default;
};

/// What carries a channel's bytes. More may follow.
enum class Transport : std::uint8_t {
    Tcp,
    Uds,
    Other,  ///< Another transport: the addresses in ChannelInfo begin with its scheme.
};

}  // namespace tempeh
