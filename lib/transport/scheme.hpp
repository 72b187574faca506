#pragma once

#include "transport/connector.hpp"
#include "transport/listener.hpp"
#include "transport/socket_options.hpp"
#include "wire/address_scheme.hpp"

#include <tempeh/base/export.hpp>
#include <tempeh/transport/credentials.hpp>
#include <tempeh/wire/address.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>

namespace tempeh::transport {

/// One engine's instance of a transport.
class Provider {
public:
    Provider() = default;
    virtual ~Provider() = default;
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;

    virtual std::unique_ptr<Connector> makeConnector() = 0;
    virtual std::unique_ptr<Listener> makeListener() = 0;
};

class Scheme;

/// From now on every engine of the process has it. False: the name is already in use or invalid
/// (wire::addScheme()). Any thread; lock-free.
TEMPEH_EXPORT bool addTransport(Scheme& scheme) noexcept;

/// Null: there is none. Any thread; lock-free.
TEMPEH_EXPORT const Scheme* findTransport(std::string_view name) noexcept;

/// A transport of the process, found by the scheme of an address (`NAME|PLACE`). One object per transport, in
/// static storage and constant once added.
class Scheme {
public:
    /// Creates the instance for an engine on `executor`. Called there, when the engine first uses an address
    /// of this scheme. Throws std::bad_alloc.
    using Make = std::unique_ptr<Provider> (*)(const asio::any_io_executor& executor,
                                               const SocketOptions& options);

    /// `check` says which places parseAddress() accepts.
    constexpr Scheme(std::string_view name, wire::AddressScheme::Check check, Make makeIt,
                     tempeh::Transport kind = tempeh::Transport::Other) noexcept
        : addresses_(name, check), make_(makeIt), kind_(kind) {}

    std::string_view name() const noexcept { return addresses_.name(); }
    /// The value of ChannelInfo::transport.
    tempeh::Transport kind() const noexcept { return kind_; }
    std::unique_ptr<Provider> make(const asio::any_io_executor& executor,
                                   const SocketOptions& options) const {
        return make_(executor, options);
    }

private:
    friend bool addTransport(Scheme& scheme) noexcept;
    friend const Scheme* findTransport(std::string_view name) noexcept;

    wire::AddressScheme addresses_;
    const Make make_;
    const tempeh::Transport kind_;
    Scheme* next_ = nullptr;  // the transport added before this one
};

/// The kind of transport that carries a channel to or from `address`.
TEMPEH_EXPORT tempeh::Transport kindOf(const Address& address) noexcept;

}  // namespace tempeh::transport
