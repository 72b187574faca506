#pragma once

#include <cstdint>

namespace tempeh {

/// Who is at the other end of a Unix socket, as the kernel vouches for it at the time of the connection.
struct PeerCredentials {
    std::int64_t pid = -1;  ///< Of the process.
    std::uint32_t uid = 0;  ///< Its user.
    std::uint32_t gid = 0;  ///< Its group.

    friend bool operator==(const PeerCredentials&, const PeerCredentials&) = default;
};

/// What carries a channel's bytes; more may follow.
enum class Transport : std::uint8_t {
    Tcp,
    Uds,
    Other,  ///< Another transport: ChannelInfo's addresses begin with its scheme.
};

}  // namespace tempeh
