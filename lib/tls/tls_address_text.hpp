#pragma once

#include <tempeh/wire/address.hpp>

#include <optional>
#include <string>
#include <string_view>

/// `tls|HOST|PORT` and the TCP address below it.
namespace tempeh::tls {

inline constexpr std::string_view scheme = "tls";

/// Whether a place is HOST or HOST|PORT.
bool isPlace(std::string_view place, bool isServer) noexcept;

/// Nothing if it is no address of a TLS client, or of a listener.
std::optional<TcpClientAddress> tcpClient(const Address& address);
std::optional<TcpServerAddress> tcpServer(const Address& address);
/// Where a listener over TLS listens, given where it does below.
Address overTcp(const Address& bound);
/// The text of a TCP address as one of TLS.
std::string asTls(std::string_view tcp);

}  // namespace tempeh::tls
