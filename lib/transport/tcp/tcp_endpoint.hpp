#pragma once

#include "transport/socket_types.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <string>

/// Conversions between IP addresses and their text.
namespace tempeh::transport {

/// True for an endpoint of IPv4 or IPv6.
bool isTcp(const StreamEndpoint& endpoint) noexcept;

/// An IPv4 address mapped into IPv6 becomes IPv4. The unspecified endpoint if it is not an IP endpoint.
asio::ip::tcp::endpoint tcpEndpoint(const StreamEndpoint& endpoint) noexcept;

/// True for an address of this machine's loopback network.
bool isLoopback(const StreamEndpoint& endpoint) noexcept;

/// `tcp|HOST|PORT`; an IPv4 address mapped into IPv6 appears as IPv4.
std::string tcpText(const StreamEndpoint& endpoint);

}  // namespace tempeh::transport
