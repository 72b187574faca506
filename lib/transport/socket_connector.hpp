#pragma once

#include "transport/resolver.hpp"
#include "transport/socket_types.hpp"
#include "transport/transport.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace tempeh::transport {

/// Connects over TCP or a Unix socket.
class SocketConnector final : public Connector {
public:
    SocketConnector(const asio::any_io_executor& executor, const SocketOptions& options,
                    LookupFunction lookUp = lookUpTcp);

    asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) override;
    void cancel() noexcept override;

private:
    asio::awaitable<std::vector<StreamEndpoint>> findEndpoints(Address address, error_code& ec);
    using Duration = std::chrono::steady_clock::duration;
    struct Alarm;

    asio::awaitable<bool> tryEach(std::vector<StreamEndpoint>& endpoints, Duration most, error_code& ec);
    std::shared_ptr<Alarm> startAlarm(Duration limit);
    asio::awaitable<void> connectTo(StreamEndpoint endpoint, std::optional<Duration> limit, error_code& ec);
    asio::awaitable<void> connectUnix(StreamEndpoint endpoint, error_code& ec);
    bool isConnectedToItself() const;

    const SocketOptions options_;
    Resolver resolver_;
    StreamSocket socket_;
    asio::steady_timer retry_;
    std::chrono::steady_clock::time_point start_;  // of connect()
    bool cancelled_ = false;
};

}  // namespace tempeh::transport
