#pragma once

#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"

namespace tempeh::transport {

/// What SocketOptions asks for, as far as the system grants it: no option is worth losing a connection for. A
/// send buffer left to the system is bounded where `peer` is on the loopback network.
void applyTcpOptions(StreamSocket& socket, const SocketOptions& options, const StreamEndpoint& peer) noexcept;

}  // namespace tempeh::transport
