#pragma once

#include <tempeh/wire/address.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include <string>

namespace tool {

namespace asio = boost::asio;
using RawProtocol = asio::generic::stream_protocol;
using RawSocket = RawProtocol::socket;
using RawAcceptor = asio::basic_socket_acceptor<RawProtocol>;

/// Byte streams over TCP or Unix sockets, without an engine.

/// Listens there; a Unix socket file that nobody listens on any more is replaced. Throws
/// Failure(exitUnreachable).
RawAcceptor listenRaw(const asio::any_io_executor& executor, const tempeh::Address& address);

/// What it really listens on, `tcp|HOST|PORT` or `uds|PATH`.
std::string addressOf(const RawAcceptor& acceptor);

/// Resolves and connects. Throws system_error.
asio::awaitable<RawSocket> connectRaw(tempeh::Address address);

/// Removes the file of a Unix socket; nothing for TCP.
void removeSocketFile(const RawAcceptor& acceptor) noexcept;

}  // namespace tool
