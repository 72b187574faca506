#pragma once

#include "transport/connector.hpp"
#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"
#include "transport/tcp/resolver.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace tempeh::transport {

/// Connects over TCP.
class TcpConnector final : public Connector {
public:
    TcpConnector(const asio::any_io_executor& executor, const SocketOptions& options,
                 LookupFunction lookUp = lookUpTcp);

    asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) override;
    void cancel() noexcept override;

private:
    using Duration = std::chrono::steady_clock::duration;
    struct Alarm;

    asio::awaitable<bool> tryEach(TcpEndpoints& endpoints, Duration most, error_code& ec);
    std::shared_ptr<Alarm> startAlarm(Duration limit);
    asio::awaitable<void> connectTo(StreamEndpoint endpoint, std::optional<Duration> limit, error_code& ec);
    bool isConnectedToItself() const;

    const SocketOptions options_;
    Resolver resolver_;
    StreamSocket socket_;
    asio::steady_timer limit_;                     // for one try
    std::chrono::steady_clock::time_point start_;  // of connect()
    bool cancelled_ = false;
};

}  // namespace tempeh::transport
