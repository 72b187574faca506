#pragma once

#include "transport/socket_types.hpp"

#include <tempeh/message/status.hpp>

#include <string>
#include <string_view>

/// Between the paths of Unix sockets and the system's addresses.
namespace tempeh::transport {

/// True for `@name`, a name of Linux's abstract namespace.
inline bool isAbstractName(std::string_view path) noexcept {
    return path.starts_with('@');
}

/// The endpoint of a path or an abstract name. InvalidAddress: empty, too long, a NUL in it, or abstract
/// names do not exist here. address_family_not_supported: nor do Unix sockets.
StreamEndpoint unixEndpoint(std::string_view path, error_code& ec);

/// `uds|PATH` of a Unix socket's endpoint; control characters of the path as `\x0a`.
std::string unixText(const StreamEndpoint& endpoint);

}  // namespace tempeh::transport
