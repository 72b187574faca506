#pragma once

#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"
#include "transport/stream.hpp"

#include <tempeh/wire/address.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>

/// Streams of sockets that were handed over: of the transport that they belong to by their family.
namespace tempeh::transport {

/// A TCP or Unix stream of a connected socket.
std::unique_ptr<Stream> makeHandedOverStream(StreamSocket socket, const StreamEndpoint& peer,
                                             const SocketOptions& options);

/// Takes over the connected descriptor that `place` names (descriptorOf()). On failure returns null, and the
/// descriptor stays as it is.
std::unique_ptr<Stream> adoptConnection(const asio::any_io_executor& executor, const SocketOptions& options,
                                        std::string_view place, error_code& ec);

/// The server's address of a socket bound to `endpoint`.
Address serverAddressOf(const StreamEndpoint& endpoint);

}  // namespace tempeh::transport
