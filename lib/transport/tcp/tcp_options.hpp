#pragma once

#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"

namespace tempeh::transport {

/// Sets the options that SocketOptions asks for and ignores failures: no option is worth losing a connection
/// for. If the send buffer is left to the system, it is limited when `peer` is on the loopback network.
void applyTcpOptions(StreamSocket& socket, const SocketOptions& options, const StreamEndpoint& peer) noexcept;

}  // namespace tempeh::transport
