#pragma once

#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

#include <string>
#include <string_view>

/// Between addresses as text and the system's socket addresses.
namespace tempeh::transport {

/// True for `@name`, a name of Linux's abstract namespace.
bool isAbstractName(std::string_view path) noexcept;

/// The endpoint of a path or an abstract name. InvalidAddress: empty, too long, a NUL in it, or abstract
/// names do not exist here. address_family_not_supported: nor do Unix sockets.
StreamEndpoint unixEndpoint(std::string_view path, error_code& ec);

/// `uds|PATH` of a Unix socket's endpoint; control characters of the path as `\x0a`.
std::string unixText(const StreamEndpoint& endpoint);

/// True for a Unix socket's endpoint.
bool isUnix(const StreamEndpoint& endpoint) noexcept;

/// True for an IP address of this machine's loopback network.
bool isLoopback(const StreamEndpoint& endpoint) noexcept;

/// `tcp|HOST|PORT` (an IPv4 address mapped into IPv6 as IPv4) or `uds|PATH`.
std::string toText(const StreamEndpoint& endpoint);

}  // namespace tempeh::transport
