#pragma once

#include <tempeh/wire/address.hpp>

#include <string>
#include <utility>

namespace tempeh {

// As the addresses in address.hpp: plain values, and Addresses wherever one is wanted. POSIX only.
//
// The engine takes the socket over: it moves it to a descriptor of its own, which child processes do not
// inherit, and closes the old number at once and the socket at the end of the listener or channel. If the
// descriptor is not what is asked for, it stays as it was, and the answer's `~reason` says what it is.

/// A WelcomeRequest that listens on a socket somebody else has bound and set to listen (TCP or Unix):
/// `fd|NUMBER` or `fd|NAME`. The WelcomeResponse has the socket's own address (`tcp|...`, `uds|...`); a Unix
/// socket's file stays when the listener ends.
struct FdServerAddress {
    /// A descriptor's number, or the name of a socket that systemd handed over (`FileDescriptorName=`, read
    /// from LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID; the first of that name).
    std::string descriptor = "3";

    FdServerAddress() = default;
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as an aggregate, `= {3}`
    FdServerAddress(int number) : descriptor(std::to_string(number)) {}
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as above
    FdServerAddress(std::string name) noexcept : descriptor(std::move(name)) {}
    /// A connection that somebody else has accepted (inetd, systemd's `Accept=yes`, one end of a socketpair):
    /// `fd|accepted|NUMBER`. It is the only one that this listener accepts.
    static FdServerAddress accepted(int number) { return {"accepted|" + std::to_string(number)}; }

    /// The same address in the form that parseAddress() returns.
    // NOLINTNEXTLINE(google-explicit-constructor): makes it an Address
    operator CustomServerAddress() const { return {"fd", descriptor}; }

    /// Makes `message` a WelcomeRequest for this address (`~listen_on`).
    void format(Message& message) const { CustomServerAddress(*this).format(message); }
    friend bool operator==(const FdServerAddress&, const FdServerAddress&) = default;
};

/// A HelloRequest over a stream socket that somebody else has connected (TCP, Unix, one end of a socketpair):
/// `fd|NUMBER`.
struct FdClientAddress {
    std::string descriptor = "3";  ///< As FdServerAddress's.

    FdClientAddress() = default;
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as above
    FdClientAddress(int number) : descriptor(std::to_string(number)) {}

    /// The same address in the form that parseAddress() returns.
    // NOLINTNEXTLINE(google-explicit-constructor): makes it an Address
    operator CustomClientAddress() const { return {"fd", descriptor}; }

    /// Makes `message` a HelloRequest to this address (`~connect_to`).
    void format(Message& message) const { CustomClientAddress(*this).format(message); }
    friend bool operator==(const FdClientAddress&, const FdClientAddress&) = default;
};

}  // namespace tempeh
