#pragma once

#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

#include <cstddef>
#include <span>
#include <string>

/// The system calls on sockets, one function each. None blocks or raises SIGPIPE. New descriptors are
/// non-blocking and not inherited by child processes. Asio only waits for readiness: its gathered write would
/// need a buffer sequence of its own for each call (in a vector, 0.1 to 0.2 us more).

namespace tempeh::transport {

/// Opens a new socket of the endpoint's family.
void openSocket(StreamSocket& socket, const StreamEndpoint& endpoint, error_code& ec);
void openSocket(StreamAcceptor& acceptor, const StreamEndpoint& endpoint, error_code& ec);

/// Gives the socket an open descriptor of this family. Closes the descriptor on failure.
void assignSocket(StreamSocket& socket, int family, Descriptor descriptor, error_code& ec) noexcept;
void assignSocket(StreamAcceptor& acceptor, int family, Descriptor descriptor, error_code& ec) noexcept;

/// Call before bind(). A server may then rebind its port while connections of its predecessor are still
/// closing. A port with a live listener stays in use.
void allowQuickRebind(Descriptor listener, error_code& ec) noexcept;
/// Call before bind(). Other sockets may then listen on the same port if they allow it too.
/// operation_not_supported on systems without such an option.
void allowSharedPort(Descriptor listener, error_code& ec) noexcept;

/// would_block: in progress (TCP), or the backlog is full (Unix).
void connectOnce(StreamSocket& socket, const StreamEndpoint& endpoint, error_code& ec) noexcept;

/// Accepts the next connection in the backlog; would_block: none.
void acceptOnce(StreamAcceptor& acceptor, StreamSocket& accepted, StreamEndpoint& peer, error_code& ec);

/// eof when the peer ended its stream. Uses at most 64 spans.
std::size_t receiveOnce(Descriptor descriptor, std::span<const std::span<std::byte>> into,
                        error_code& ec) noexcept;

/// Uses at most 64 spans.
std::size_t sendOnce(Descriptor descriptor, std::span<const std::span<const std::byte>> from,
                     error_code& ec) noexcept;

/// TCP: bytes written that the peer's kernel has not acknowledged. 0 where the system cannot tell.
std::size_t unsentBytes(Descriptor descriptor) noexcept;

/// TCP: acknowledges the data received so far, on systems that allow it. Later data is acknowledged when the
/// system chooses.
void sendAcknowledgement(Descriptor descriptor) noexcept;

/// What SocketOptions says about finding out that the peer's machine is gone; ignores failures.
void applyKeepAlive(Descriptor descriptor, const SocketOptions& options) noexcept;

/// Call before connect(). Lets the socket use this network interface alone. operation_not_supported on
/// systems without such an option.
void bindToInterface(Descriptor descriptor, const std::string& name, error_code& ec) noexcept;
/// Call before bind() to an address with port 0: the system chooses the port when it connects, so that the
/// same one can be used to different servers.
void choosePortLate(Descriptor descriptor) noexcept;

/// Sets the buffer sizes that SocketOptions asks for and ignores failures: no buffer size is worth losing a
/// connection for. On a listening socket, call it before listen(): the sizes decide the TCP window scale,
/// which the handshake fixes.
void applyBufferSizes(StreamSocket& socket, const SocketOptions& options) noexcept;
void applyBufferSizes(StreamAcceptor& acceptor, const SocketOptions& options) noexcept;

}  // namespace tempeh::transport
