#pragma once

#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

/// The system calls behind socket_calls.hpp; one implementation for each kind of system (posix/, windows/).
namespace tempeh::transport {

/// Creates a stream socket: non-blocking, not inherited by child processes. Valid only when `ec` is not set.
Descriptor makeDescriptor(int family, error_code& ec) noexcept;

/// Accepts the next connection in the backlog and stores the peer's address. would_block: none.
Descriptor acceptDescriptor(Descriptor listener, StreamEndpoint& peer, error_code& ec);

void closeDescriptor(Descriptor descriptor) noexcept;

}  // namespace tempeh::transport
