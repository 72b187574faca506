#pragma once

#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

#include <string>
#include <string_view>

/// Conversions between the paths of Unix sockets and the system's addresses.
namespace tempeh::transport {

/// True for `@name`, a name in Linux's abstract namespace.
inline bool isAbstractName(std::string_view path) noexcept {
    return path.starts_with('@');
}

/// The endpoint of a path or an abstract name. InvalidAddress: empty, too long, contains a NUL, or an
/// abstract name on a system without them. address_family_not_supported: the system has no Unix sockets.
StreamEndpoint unixEndpoint(std::string_view path, error_code& ec);

/// `uds|PATH` of a Unix socket's endpoint; control characters in the path appear as `\x0a`.
std::string unixText(const StreamEndpoint& endpoint);

}  // namespace tempeh::transport
