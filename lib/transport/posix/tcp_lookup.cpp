#include "transport/posix/last_error.hpp"
#include "transport/resolver.hpp"

#include <cstring>
#include <memory>
#include <netdb.h>

namespace tempeh::transport {

namespace {

error_code lookupError(int code) noexcept {
    switch (code) {
        case 0:
            return {};
        case EAI_AGAIN:
            return asio::error::host_not_found_try_again;
        case EAI_FAIL:
            return asio::error::no_recovery;
        case EAI_MEMORY:
            return asio::error::no_memory;
        case EAI_SYSTEM:
            return lastError();
        default:
            return asio::error::host_not_found;
    }
}

}  // namespace

TcpEndpoints lookUpTcp(const std::string& host, std::uint16_t port, error_code& ec) {
    // Without AI_ADDRCONFIG: an endpoint of a family that is not configured fails at once and the next is
    // tried, while the flag would hide "localhost" on a machine that has no other network.
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
