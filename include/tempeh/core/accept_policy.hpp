#pragma once

#include <tempeh/base/x11_macros.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

namespace tempeh {

/// What a policy is asked about.
struct AcceptedConnection {
    std::string_view peerAddress;            ///< `SCHEME|PLACE`, as ChannelInfo::peerAddress.
    std::span<const std::size_t> connected;  ///< Channels that each member's engine has open now.
};

/// Which member of ChannelGroup::distributeTo() gets a connection: the index of one. Any other number means
/// the member with the fewest channels. Called on the listener's engine's thread for each connection, one at
/// a time; it must not block. What it throws is logged, and the fewest counts.
using AcceptPolicy = std::function<std::size_t(const AcceptedConnection&)>;

}  // namespace tempeh
