#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

/// One concrete socket type for TCP and Unix sockets, so that all code above it is compiled once.
namespace tempeh::transport {

namespace asio = boost::asio;

using StreamProtocol = boost::asio::generic::stream_protocol;
using StreamEndpoint = StreamProtocol::endpoint;
using StreamSocket = StreamProtocol::socket;
using StreamAcceptor = boost::asio::basic_socket_acceptor<StreamProtocol>;
using Descriptor = StreamSocket::native_handle_type;

}  // namespace tempeh::transport
