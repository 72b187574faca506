#pragma once

#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

/// What socket_calls.hpp is made of; one implementation for each kind of system (posix/, windows/).
namespace tempeh::transport {

/// A stream socket as socket_calls.hpp wants them: non-blocking, not inherited. Only valid if there is no
/// `ec`.
Descriptor makeDescriptor(int family, error_code& ec) noexcept;

/// The next connection in the backlog and whose it is; would_block: none.
Descriptor acceptDescriptor(Descriptor listener, StreamEndpoint& peer, error_code& ec);

void closeDescriptor(Descriptor descriptor) noexcept;

}  // namespace tempeh::transport
