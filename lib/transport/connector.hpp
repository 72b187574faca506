#pragma once

#include "transport/error_classes.hpp"
#include "transport/stream.hpp"

#include <tempeh/wire/address.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace tempeh::transport {

/// One attempt to connect. The rules of transport.hpp apply.
class Connector {
public:
    Connector() = default;
    virtual ~Connector() = default;
    Connector(const Connector&) = delete;
    Connector& operator=(const Connector&) = delete;

    /// Resolves the address and connects without ever blocking the caller. If it resolves to several
    /// endpoints, each is tried in turn: one that does not answer gets its share of the time, and a second
    /// try after the others have failed. Called once. On failure returns null and sets `ec`: WrongAddress
    /// (not a client address of this transport), InvalidAddress, operation_aborted, or the error of the last
    /// attempt. The engine sets the time limit, and cancels.
    virtual asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) = 0;

    /// Ends connect() with operation_aborted, even one called later. Drops a connection that was just made.
    virtual void cancel() noexcept = 0;

    /// The Status that tells the application why connect() failed.
    virtual Status statusOf(const error_code& ec) const noexcept { return connectStatus(ec); }
};

}  // namespace tempeh::transport
