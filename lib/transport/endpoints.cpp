#include "transport/endpoints.hpp"

#include <tempeh/wire/address.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace tempeh::transport {

namespace {

namespace asio = boost::asio;

std::string unixText(const StreamEndpoint& endpoint) {
    std::string text = "uds|";
    constexpr std::size_t offset = offsetof(sockaddr_un, sun_path);
    if (endpoint.size() <= offset) return text;
    sockaddr_un address{};
    std::memcpy(&address, endpoint.data(), std::min(endpoint.size(), sizeof address));
    const std::size_t size = endpoint.size() - offset;
    if (address.sun_path[0] == '\0') {
        if (size > 1) text.append(1, '@').append(address.sun_path + 1, size - 1);
    } else {
        text.append(address.sun_path, ::strnlen(address.sun_path, size));
    }
    return text;
}

/// An IPv4 address mapped into IPv6 as IPv4; unspecified for what is no IP endpoint.
asio::ip::tcp::endpoint tcpEndpoint(const StreamEndpoint& endpoint) noexcept {
    asio::ip::tcp::endpoint tcp;
    const int family = endpoint.protocol().family();
    if ((family != AF_INET && family != AF_INET6) || endpoint.size() > tcp.capacity()) return tcp;
    std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
    const asio::ip::address host = tcp.address();
    if (host.is_v6() && host.to_v6().is_v4_mapped())
        tcp.address(asio::ip::make_address_v4(asio::ip::v4_mapped, host.to_v6()));
    return tcp;
}

std::string tcpText(const StreamEndpoint& endpoint) {
    const asio::ip::tcp::endpoint tcp = tcpEndpoint(endpoint);
    return "tcp|" + tcp.address().to_string() + '|' + std::to_string(tcp.port());
}

}  // namespace

bool isAbstractName(std::string_view path) noexcept {
    return path.starts_with('@');
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
    return asio::local::stream_protocol::endpoint(name);
}

bool isLoopback(const StreamEndpoint& endpoint) noexcept {
    return tcpEndpoint(endpoint).address().is_loopback();
}

std::string toText(const StreamEndpoint& endpoint) {
    return endpoint.protocol().family() == AF_UNIX ? unixText(endpoint) : tcpText(endpoint);
}

}  // namespace tempeh::transport
