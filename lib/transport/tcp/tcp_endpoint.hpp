#pragma once

#include "transport/socket_types.hpp"

#include <string>

/// Conversions between IP addresses and their text.
namespace tempeh::transport {

/// True for an address of this machine's loopback network.
bool isLoopback(const StreamEndpoint& endpoint) noexcept;

/// `tcp|HOST|PORT`; an IPv4 address mapped into IPv6 appears as IPv4.
std::string tcpText(const StreamEndpoint& endpoint);

}  // namespace tempeh::transport
