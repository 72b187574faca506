#include "tls/tls_address_text.hpp"

#include "wire/tcp_place.hpp"

#include <algorithm>
#include <new>
#include <variant>

namespace tempeh::tls {

bool isPlace(std::string_view place, bool isServer) noexcept {
    try {
        return wire::parseTcpPlace(place, isServer).has_value();
    } catch (const std::bad_alloc&) {
        return false;
    }
}

std::optional<TcpClientAddress> tcpClient(const Address& address) {
    const auto* const client = std::get_if<CustomClientAddress>(&address);
    if (client == nullptr || client->scheme != scheme) return std::nullopt;
    const std::optional<Address> parsed = wire::parseTcpPlace(client->place, false);
    if (!parsed) return std::nullopt;
    return std::get<TcpClientAddress>(*parsed);
}

std::optional<TcpServerAddress> tcpServer(const Address& address) {
    const auto* const server = std::get_if<CustomServerAddress>(&address);
    if (server == nullptr || server->scheme != scheme) return std::nullopt;
    const std::optional<Address> parsed = wire::parseTcpPlace(server->place, true);
    if (!parsed) return std::nullopt;
    return std::get<TcpServerAddress>(*parsed);
}

Address overTcp(const Address& bound) {
    const std::string text = asTls(toString(bound));
    return CustomServerAddress(std::string(scheme), text.substr(scheme.size() + 1));
}

std::string asTls(std::string_view tcp) {
    return std::string(scheme).append(tcp.substr(std::min(tcp.find('|'), tcp.size())));
}

}  // namespace tempeh::tls
