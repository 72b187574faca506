#pragma once

#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

#include <cstddef>
#include <span>

/// The system calls on sockets, one each, never blocking, never raising SIGPIPE. Descriptors made here are
/// non-blocking and not inherited by programs the process starts. Asio only waits for them: its gathered
/// write would want a sequence of its own buffers made for each call (in a vector, 0.1 to 0.2 us more).

namespace tempeh::transport {

/// A fresh socket of the endpoint's family.
void openSocket(StreamSocket& socket, const StreamEndpoint& endpoint, error_code& ec);
void openSocket(StreamAcceptor& acceptor, const StreamEndpoint& endpoint, error_code& ec);

/// Before bind(): a server may have its port back while connections of its predecessor are still dying. A
/// port that is listened on stays taken.
void allowQuickRebind(Descriptor listener, error_code& ec) noexcept;

/// would_block: in progress (TCP), or the backlog is full (Unix).
void connectOnce(StreamSocket& socket, const StreamEndpoint& endpoint, error_code& ec) noexcept;

/// The next connection in the backlog; would_block: none.
void acceptOnce(StreamAcceptor& acceptor, StreamSocket& accepted, StreamEndpoint& peer, error_code& ec);

/// eof when the peer ended its stream. At most 64 spans are looked at.
std::size_t receiveOnce(Descriptor descriptor, std::span<const std::span<std::byte>> into,
                        error_code& ec) noexcept;

/// At most 64 spans are looked at.
std::size_t sendOnce(Descriptor descriptor, std::span<const std::span<const std::byte>> from,
                     error_code& ec) noexcept;

/// TCP: bytes written that the peer's kernel has not acknowledged. 0 where the system does not tell.
std::size_t unsentBytes(Descriptor descriptor) noexcept;

/// TCP: acknowledges what has arrived, where the system can be told to. What arrives later is acknowledged
/// when the system sees fit.
void sendAcknowledgement(Descriptor descriptor) noexcept;

/// The buffer sizes that SocketOptions asks for, as far as the system grants them: none is worth losing a
/// connection for. On a listening socket, before listen(): they decide the TCP window scale, which is fixed
/// in the handshake.
void applyBufferSizes(StreamSocket& socket, const SocketOptions& options) noexcept;
void applyBufferSizes(StreamAcceptor& acceptor, const SocketOptions& options) noexcept;

}  // namespace tempeh::transport
