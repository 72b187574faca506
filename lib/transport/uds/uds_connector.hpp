#pragma once

#include "transport/connector.hpp"
#include "transport/socket_options.hpp"
#include "transport/socket_types.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace tempeh::transport {

/// Connects to a Unix socket.
class UdsConnector final : public Connector {
public:
    UdsConnector(const asio::any_io_executor& executor, const SocketOptions& options);

    asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) override;
    void cancel() noexcept override;
    Status statusOf(const error_code& ec) const noexcept override;

private:
    asio::awaitable<void> connectTo(StreamEndpoint endpoint, error_code& ec);

    const SocketOptions options_;
    StreamSocket socket_;
    asio::steady_timer retry_;
    bool cancelled_ = false;
};

}  // namespace tempeh::transport
