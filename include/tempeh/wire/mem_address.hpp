#pragma once

#include <tempeh/wire/address.hpp>

#include <string>
#include <utility>

namespace tempeh {

// As the addresses in address.hpp: plain values, and Addresses wherever one is wanted.

/// Where a HelloRequest connects to inside this process: `mem|NAME`. No socket is involved; the two engines
/// may be the same one or run on different threads.
struct MemClientAddress {
    std::string name = {};  ///< Of a listener of this process. 1 to 255 bytes.

    MemClientAddress() = default;
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as an aggregate, `= {"name"}`
    MemClientAddress(std::string listenerName) noexcept : name(std::move(listenerName)) {}

    /// The same address in the form that parseAddress() returns.
    // NOLINTNEXTLINE(google-explicit-constructor): makes it an Address
    operator CustomClientAddress() const { return {"mem", name}; }

    /// Makes `message` a HelloRequest to this address (`~connect_to`).
    void format(Message& message) const { CustomClientAddress(*this).format(message); }
    friend bool operator==(const MemClientAddress&, const MemClientAddress&) = default;
};

/// Where a WelcomeRequest listens inside this process. A name has one listener at a time: a second one fails
/// with ListenFailed ("Address already in use").
struct MemServerAddress {
    std::string name = {};  ///< At most 255 bytes. Empty: a new one, which the WelcomeResponse tells.

    MemServerAddress() = default;
    /// As TcpClientAddress's.
    // NOLINTNEXTLINE(google-explicit-constructor): as above
    MemServerAddress(std::string listenerName) noexcept : name(std::move(listenerName)) {}

    /// The same address in the form that parseAddress() returns.
    // NOLINTNEXTLINE(google-explicit-constructor): makes it an Address
    operator CustomServerAddress() const { return {"mem", name}; }

    /// Makes `message` a WelcomeRequest for this address (`~listen_on`).
    void format(Message& message) const { CustomServerAddress(*this).format(message); }
    friend bool operator==(const MemServerAddress&, const MemServerAddress&) = default;
};

}  // namespace tempeh
