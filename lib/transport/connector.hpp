#pragma once

#include "transport/error_classes.hpp"
#include "transport/stream.hpp"

#include <tempeh/wire/address.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace tempeh::transport {

/// One attempt to connect. The rules of transport.hpp hold.
class Connector {
public:
    Connector() = default;
    virtual ~Connector() = default;
    Connector(const Connector&) = delete;
    Connector& operator=(const Connector&) = delete;

    /// Looks the address up and connects, never blocking the caller; where there are several, each in turn,
    /// and one that does not answer has its share of the time and another try when the others have failed.
    /// Called once. Null with `ec` set on failure: WrongAddress (not a client's address of this transport),
    /// InvalidAddress, operation_aborted, or what is known of the last attempt. The engine sets the time
    /// limit, and cancels.
    virtual asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) = 0;

    /// Ends connect() with operation_aborted, one called later too; a connection just made is dropped.
    virtual void cancel() noexcept = 0;

    /// The Status that tells an application why connect() failed.
    virtual Status statusOf(const error_code& ec) const noexcept { return connectStatus(ec); }
};

}  // namespace tempeh::transport
