#include "base/escape.hpp"
#include "transport/uds/uds_endpoint.hpp"

#include <tempeh/wire/address.hpp>

#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace tempeh::transport {

std::string unixText(const StreamEndpoint& endpoint) {
    constexpr std::string_view scheme = "uds|";
    std::string path;
    constexpr std::size_t offset = offsetof(sockaddr_un, sun_path);
    if (endpoint.size() <= offset) return std::string(scheme);
    sockaddr_un address{};
    std::memcpy(&address, endpoint.data(), std::min(endpoint.size(), sizeof address));
    const std::size_t size = endpoint.size() - offset;
    if (address.sun_path[0] == '\0') {
        if (size > 1) path.append(1, '@').append(address.sun_path + 1, size - 1);
    } else {
        path.append(address.sun_path, ::strnlen(address.sun_path, size));
    }
    return std::string(scheme) + base::escaped(path);  // a peer may bind its socket to arbitrary bytes
}

StreamEndpoint unixEndpoint(std::string_view path, error_code& ec) {
    ec = Status::InvalidAddress;
    if (path.empty() || path.size() > wire::maxUdsPath || path.find('\0') != path.npos) return {};
    std::string name(path);
    if (isAbstractName(path)) {
#if defined(__linux__)
        if (path.size() == 1) return {};
        name.front() = '\0';
#else
        return {};
#endif
    }
    if (name.size() >= sizeof(sockaddr_un::sun_path)) return {};
    ec.clear();
    return boost::asio::local::stream_protocol::endpoint(name);
}

}  // namespace tempeh::transport
