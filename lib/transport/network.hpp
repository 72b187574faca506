#pragma once

#include "transport/connector.hpp"
#include "transport/listener.hpp"
#include "transport/socket_options.hpp"
#include "transport/timer.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>

namespace tempeh::transport {

/// Creates connectors, listeners and timers: an engine's only access to the outside world. All functions may
/// throw std::bad_alloc. The rules of transport.hpp apply.
class Network {
public:
    Network() = default;
    virtual ~Network() = default;
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// For addresses with this scheme (wire::schemeOf()). Never null: if there is no such transport, the
    /// result fails with InvalidAddress.
    virtual std::unique_ptr<Connector> makeConnector(std::string_view scheme) = 0;
    virtual std::unique_ptr<Listener> makeListener(std::string_view scheme) = 0;
    virtual std::unique_ptr<Timer> makeTimer() = 0;
};

/// The process's transports (scheme.hpp) and the system's clock, for an engine on `executor`.
std::unique_ptr<Network> makeSystemNetwork(asio::any_io_executor executor, const SocketOptions& options);

}  // namespace tempeh::transport
