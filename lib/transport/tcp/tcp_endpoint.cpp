#include "transport/tcp/tcp_endpoint.hpp"

#include <cstring>

namespace tempeh::transport {

bool isTcp(const StreamEndpoint& endpoint) noexcept {
    const int family = endpoint.protocol().family();
    return family == asio::ip::tcp::v4().family() || family == asio::ip::tcp::v6().family();
}

asio::ip::tcp::endpoint tcpEndpoint(const StreamEndpoint& endpoint) noexcept {
    asio::ip::tcp::endpoint tcp;
    if (!isTcp(endpoint) || endpoint.size() > tcp.capacity()) return tcp;
    std::memcpy(tcp.data(), endpoint.data(), endpoint.size());
    const asio::ip::address host = tcp.address();
    if (host.is_v6() && host.to_v6().is_v4_mapped())
        tcp.address(asio::ip::make_address_v4(asio::ip::v4_mapped, host.to_v6()));
    return tcp;
}

bool isLoopback(const StreamEndpoint& endpoint) noexcept {
    return tcpEndpoint(endpoint).address().is_loopback();
}

std::string tcpText(const StreamEndpoint& endpoint) {
    const asio::ip::tcp::endpoint tcp = tcpEndpoint(endpoint);
    return "tcp|" + tcp.address().to_string() + '|' + std::to_string(tcp.port());
}

}  // namespace tempeh::transport
