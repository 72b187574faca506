#pragma once

#include "transport/stream.hpp"

#include <tempeh/wire/address.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace tempeh::transport {

/// A place where others connect. The rules of transport.hpp hold.
class Listener {
public:
    Listener() = default;
    virtual ~Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// Binds and listens; called once, and never blocks. When it has ended without `ec`, others can connect.
    /// Errors: WrongAddress (not a server's address of this transport), InvalidAddress, address_in_use,
    /// operation_aborted, or what the system says.
    virtual asio::awaitable<void> open(Address address, error_code& ec) = 0;

    /// What was really bound, with everything resolved that the address left open; after open().
    virtual Address boundAddress() const = 0;

    /// The next connection; one call at a time. Null with `ec` set on failure: operation_aborted (closed), or
    /// what kept it from being accepted (out of descriptors or memory: isOutOfResources()); may be called
    /// again, and then is by and by. What is wrong with one connection alone is no error.
    virtual asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) = 0;

    /// Stops listening: others can bind there before it returns. Ends open() and accept().
    virtual void close() noexcept = 0;
};

}  // namespace tempeh::transport
