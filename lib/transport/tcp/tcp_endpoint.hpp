#pragma once

#include "transport/socket_types.hpp"

#include <string>

/// Between IP addresses and their text.
namespace tempeh::transport {

/// True for an IP address of this machine's loopback network.
bool isLoopback(const StreamEndpoint& endpoint) noexcept;

/// `tcp|HOST|PORT`; an IPv4 address mapped into IPv6 as IPv4.
std::string tcpText(const StreamEndpoint& endpoint);

}  // namespace tempeh::transport
