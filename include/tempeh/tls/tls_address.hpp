#pragma once

#include <tempeh/wire/address.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace tempeh {

/// Where a HelloRequest connects to over TLS: `tls|HOST|PORT`. The server's certificate must be for `host`.
/// The engine needs an Options::tls. Converts to Address, so connect() and its kind take it as it is.
struct TlsClientAddress {
    std::string host = "127.0.0.1";    ///< Literal or name.
    std::uint16_t port = defaultPort;  ///< 1 or more.

    TlsClientAddress() = default;
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as an aggregate, `= {"host", 7099}`
    TlsClientAddress(std::string hostName, std::uint16_t portNumber = defaultPort) noexcept
        : host(std::move(hostName)), port(portNumber) {}

    /// The same address in the form that parseAddress() returns.
    // NOLINTNEXTLINE(google-explicit-constructor): makes it an Address
    operator CustomClientAddress() const { return {"tls", host + '|' + std::to_string(port)}; }

    /// Makes `message` a HelloRequest to this address (`~connect_to`).
    void format(Message& message) const { CustomClientAddress(*this).format(message); }
    friend bool operator==(const TlsClientAddress&, const TlsClientAddress&) = default;
};

/// Where a WelcomeRequest listens over TLS. Host and port as TcpServerAddress's. The engine needs an
/// Options::tls with a certificate.
struct TlsServerAddress {
    std::string host = {};             ///< Literal or name. Empty: every interface.
    std::uint16_t port = defaultPort;  ///< 0: any free port.

    TlsServerAddress() = default;
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as above
    TlsServerAddress(std::string hostName, std::uint16_t portNumber = defaultPort) noexcept
        : host(std::move(hostName)), port(portNumber) {}

    /// The same address in the form that parseAddress() returns.
    // NOLINTNEXTLINE(google-explicit-constructor): makes it an Address
    operator CustomServerAddress() const { return {"tls", host + '|' + std::to_string(port)}; }

    /// Makes `message` a WelcomeRequest for this address (`~listen_on`).
    void format(Message& message) const { CustomServerAddress(*this).format(message); }
    friend bool operator==(const TlsServerAddress&, const TlsServerAddress&) = default;
};

}  // namespace tempeh
