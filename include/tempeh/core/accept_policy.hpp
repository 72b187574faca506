#pragma once

#include <tempeh/base/x11_macros.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

namespace tempeh {

/// What an AcceptPolicy is asked about.
struct AcceptedConnection {
    std::string_view peerAddress;            ///< `SCHEME|PLACE`, as ChannelInfo::peerAddress.
    std::span<const std::size_t> connected;  ///< Open channels of each member's engine now.
};

/// Decides which member of ChannelGroup::distributeTo() gets a connection, and returns its index. Any other
/// number means the member with the fewest channels. Called on the thread of the listener's engine, once for
/// each connection and one at a time; it must not block. An exception is logged, and the member with the
/// fewest channels gets the connection.
using AcceptPolicy = std::function<std::size_t(const AcceptedConnection&)>;

}  // namespace tempeh
