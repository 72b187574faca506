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
    /// endpoints, they race (machines/connect_race.hpp) and the first that answers wins. Called once. On
    /// failure returns null and sets `ec`: WrongAddress (not a client address of this transport),
    /// InvalidAddress, operation_aborted, or why the endpoints failed. The engine sets the time limit, and
    /// cancels.
    virtual asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) = 0;

    /// True while connect() waits for a resource of the process that others use (a thread to look a name up).
    /// The engine does not charge that to the time limit.
    virtual bool isQueued() const noexcept { return false; }

    /// Ends connect() with operation_aborted, even one called later. Drops a connection that was just made.
    virtual void cancel() noexcept = 0;

    /// The Status that tells the application why connect() failed.
    virtual Status statusOf(const error_code& ec) const noexcept { return connectStatus(ec); }
};

}  // namespace tempeh::transport
