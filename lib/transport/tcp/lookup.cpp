#include "transport/tcp/lookup_error.hpp"
#include "transport/tcp/resolver.hpp"

// For getaddrinfo() on each system.
#include <boost/asio/detail/socket_types.hpp>

#include <cstring>
#include <memory>

namespace tempeh::transport {

TcpEndpoints lookUpTcp(const std::string& host, std::uint16_t port, error_code& ec) {
    // Without AI_ADDRCONFIG: an endpoint of an unconfigured family fails at once and the next one is tried,
    // whereas the flag would hide "localhost" on a machine without another network.
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    ec = lookupError(::getaddrinfo(host.c_str(), nullptr, &hints, &found));
    if (ec) return {};
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);

    TcpEndpoints endpoints;
    for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6) continue;
        asio::ip::tcp::endpoint endpoint;
        if (entry->ai_addrlen > endpoint.capacity()) continue;
        std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
        endpoint.port(port);
        endpoints.push_back(endpoint);
    }
    if (endpoints.empty()) ec = asio::error::host_not_found;
    return endpoints;
}

}  // namespace tempeh::transport
