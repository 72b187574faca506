#pragma once

#include "transport/stream.hpp"

#include <tempeh/wire/address.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace tempeh::transport {

/// Accepts connections at an address. The rules of transport.hpp apply.
class Listener {
public:
    Listener() = default;
    virtual ~Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// Binds and listens without blocking; called once. After it returns without `ec`, peers can connect.
    /// Errors: WrongAddress (not a server address of this transport), InvalidAddress, address_in_use,
    /// operation_aborted, or the system's error.
    virtual asio::awaitable<void> open(Address address, error_code& ec) = 0;

    /// The address actually bound, with everything resolved that the requested address left open. Valid after
    /// open().
    virtual Address boundAddress() const = 0;

    /// The next connection; one call at a time. On failure returns null and sets `ec`: operation_aborted
    /// (closed), or why it could not be accepted (out of descriptors or memory: isOutOfResources()). The
    /// engine calls it again after a pause. A fault of a single connection is not an error.
    virtual asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) = 0;

    /// Stops listening. When it returns, another socket can bind the address. Ends open() and accept().
    virtual void close() noexcept = 0;
};

}  // namespace tempeh::transport
