#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tempeh {

/// The port used when none is given.
inline constexpr std::uint16_t defaultPort = 7099;

// Addresses are plain values, valid or not. They have constructors and so no designated initialisers: GCC 12
// destroys the members of an aggregate twice when the aggregate is created inside a co_await expression, and
// `co_await connect(engine, UdsClientAddress{"/path"})` is what everyone writes.
//
// format() throws Error(InvalidAddress) and leaves the message unchanged only for what a text header cannot
// carry (NUL, CR, LF, a space or tab at the end). parseAddress(), and so post(), finds every other error.
// format() replaces only the address headers (docs/wire.md): body, message id and other text headers stay.

/// Where a HelloRequest connects to over TCP. `host` is an IPv4 or IPv6 literal or a name. Empty: 127.0.0.1.
struct TcpClientAddress {
    std::string host = "127.0.0.1";    ///< Literal or name.
    std::uint16_t port = defaultPort;  ///< 1 or more.

    TcpClientAddress() = default;
    /// `{"host", 7099}`. A constructor, so that an address may be created inside a co_await expression: GCC
    /// 12 destroys the members of a temporary aggregate twice there.
    // NOLINTNEXTLINE(google-explicit-constructor): as an aggregate, `= {"host", 7099}`
    TcpClientAddress(std::string hostName, std::uint16_t portNumber = defaultPort) noexcept
        : host(std::move(hostName)), port(portNumber) {}

    /// Makes `message` a HelloRequest to this address: sets opcode and `~connect_to`, clears channel number,
    /// origin, status and `more`.
    TEMPEH_EXPORT void format(Message& message) const;
    friend bool operator==(const TcpClientAddress&, const TcpClientAddress&) = default;
};

/// Where a WelcomeRequest listens over TCP. Empty `host`: every interface, IPv4 and IPv6 (IPv4 alone on a
/// machine without IPv6). `::`: every interface, IPv6 alone; `0.0.0.0`: IPv4 alone. Port 0: any free port. If
/// a name has several addresses, the listener uses the first, in the resolver's order, that can be bound; the
/// WelcomeResponse says which. To listen at all of them use one listener each, or every interface.
struct TcpServerAddress {
    std::string host = {};             ///< Literal or name. Empty: every interface.
    std::uint16_t port = defaultPort;  ///< 0: any free port.

    TcpServerAddress() = default;
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as above
    TcpServerAddress(std::string hostName, std::uint16_t portNumber = defaultPort) noexcept
        : host(std::move(hostName)), port(portNumber) {}

    /// Makes `message` a WelcomeRequest for this address (`~listen_on`).
    TEMPEH_EXPORT void format(Message& message) const;
    friend bool operator==(const TcpServerAddress&, const TcpServerAddress&) = default;
};

/// The Unix socket a HelloRequest connects to: a path, or on Linux an abstract name as `@name`.
struct UdsClientAddress {
    std::string path = {};  ///< At most 107 bytes.

    UdsClientAddress() = default;
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as above
    UdsClientAddress(std::string socketPath) noexcept : path(std::move(socketPath)) {}

    /// Makes `message` a HelloRequest to this address (`~connect_to`).
    TEMPEH_EXPORT void format(Message& message) const;
    friend bool operator==(const UdsClientAddress&, const UdsClientAddress&) = default;
};

/// The Unix socket a WelcomeRequest listens on. Empty path: a new one in the temporary folder.
struct UdsServerAddress {
    std::string path = {};  ///< At most 107 bytes. Empty: a new one.
    /// Access mode of the socket file, for example 0600. Unset: determined by the process's umask.
    std::optional<std::uint32_t> mode = {};

    UdsServerAddress() = default;
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as above
    UdsServerAddress(std::string socketPath, std::optional<std::uint32_t> fileMode = {}) noexcept
        : path(std::move(socketPath)), mode(fileMode) {}

    /// Makes `message` a WelcomeRequest (`~listen_on`; `~uds_mode`, octal, if there is a mode).
    TEMPEH_EXPORT void format(Message& message) const;
    friend bool operator==(const UdsServerAddress&, const UdsServerAddress&) = default;
};

/// Where a HelloRequest connects to over another transport: `SCHEME|PLACE`. The transport decides what a
/// place is. parseAddress() and post() accept only schemes for which the process has a transport.
struct CustomClientAddress {
    std::string scheme = {};  ///< Lower-case letters and digits; neither `tcp` nor `uds`.
    std::string place = {};   ///< In the transport's own terms; may be empty.

    CustomClientAddress() = default;
    /// As TcpClientAddress's.
    CustomClientAddress(std::string schemeName, std::string where) noexcept
        : scheme(std::move(schemeName)), place(std::move(where)) {}

    /// Makes `message` a HelloRequest to this address (`~connect_to`).
    TEMPEH_EXPORT void format(Message& message) const;
    friend bool operator==(const CustomClientAddress&, const CustomClientAddress&) = default;
};

/// Where a WelcomeRequest listens over another transport: `SCHEME|PLACE`.
struct CustomServerAddress {
    std::string scheme = {};  ///< As CustomClientAddress's.
    std::string place = {};   ///< As CustomClientAddress's.

    CustomServerAddress() = default;
    /// As TcpClientAddress's.
    CustomServerAddress(std::string schemeName, std::string where) noexcept
        : scheme(std::move(schemeName)), place(std::move(where)) {}

    /// Makes `message` a WelcomeRequest (`~listen_on`).
    TEMPEH_EXPORT void format(Message& message) const;
    friend bool operator==(const CustomServerAddress&, const CustomServerAddress&) = default;
};

/// Any of these addresses. More may follow, so a visitor should have a default case.
using Address = std::variant<TcpClientAddress, TcpServerAddress, UdsClientAddress, UdsServerAddress,
                             CustomClientAddress, CustomServerAddress>;

/// Returns the address in a message's `~connect_to` (a client's) or `~listen_on` (a server's) header. Errors:
/// WrongAddress if there is none, or both; InvalidAddress if it is malformed (unknown transport, bad port,
/// where only a server's may be 0, no host separator, a client's path empty, path over 107 bytes, space in a
/// host, mode not octal, control characters). what() of the throwing form shows the value.
TEMPEH_EXPORT Address parseAddress(const Message& message);
TEMPEH_EXPORT Address parseAddress(const Message& message, error_code& ec);

/// The address in its header form: `tcp|HOST|PORT`, `uds|PATH`, `SCHEME|PLACE`.
TEMPEH_EXPORT std::string toString(const Address& address);

/// Writes the address into `message`, as the address's own format() does.
TEMPEH_EXPORT void format(const Address& address, Message& message);

/// Writes the header form.
TEMPEH_EXPORT std::ostream& operator<<(std::ostream& out, const Address& address);

namespace wire {

/// Names of the engine's own text headers (docs/wire.md).
inline constexpr std::string_view connectToHeader = "~connect_to";
inline constexpr std::string_view listenOnHeader = "~listen_on";
inline constexpr std::string_view udsModeHeader = "~uds_mode";
inline constexpr std::string_view reasonHeader = "~reason";
inline constexpr std::string_view peerHeader = "~peer";

/// The longest Unix socket path in bytes (Linux sun_path without its final NUL).
inline constexpr std::size_t maxUdsPath = 107;

/// The longest host in bytes: more than a full domain name.
inline constexpr std::size_t maxHost = 255;

/// The beginning of the header form: `tcp`, `uds` or another transport's scheme. Valid while `address` is.
TEMPEH_EXPORT std::string_view schemeOf(const Address& address) noexcept;

/// True for an address that a WelcomeRequest listens on.
TEMPEH_EXPORT bool isServer(const Address& address) noexcept;

/// The address at which a client on the same machine reaches a server bound to `bound`: every interface
/// becomes the loopback address. A client's address is returned unchanged.
TEMPEH_EXPORT Address clientAddressOf(const Address& bound);

}  // namespace wire

}  // namespace tempeh
