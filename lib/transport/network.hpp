#pragma once

#include "transport/connector.hpp"
#include "transport/listener.hpp"
#include "transport/socket_options.hpp"
#include "transport/timer.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string_view>

namespace tempeh::transport {

/// Makes connectors, listeners and timers: an engine's only way to the outside. Throws std::bad_alloc. The
/// rules of transport.hpp hold.
class Network {
public:
    Network() = default;
    virtual ~Network() = default;
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// For addresses of this scheme (wire::schemeOf()). Never null: where there is no such transport it makes
    /// one that fails with InvalidAddress.
    virtual std::unique_ptr<Connector> makeConnector(std::string_view scheme) = 0;
    virtual std::unique_ptr<Listener> makeListener(std::string_view scheme) = 0;
    virtual std::unique_ptr<Timer> makeTimer() = 0;
};

/// The transports of the process (scheme.hpp) and the system's time, for an engine on `executor`.
std::unique_ptr<Network> makeSystemNetwork(asio::any_io_executor executor, const SocketOptions& options);

}  // namespace tempeh::transport
