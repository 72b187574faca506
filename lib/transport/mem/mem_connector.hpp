#pragma once

#include "transport/connector.hpp"
#include "transport/socket_options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace tempeh::transport {

/// Connects to a name of this process.
class MemConnector final : public Connector {
public:
    MemConnector(const asio::any_io_executor& executor, const SocketOptions&)
        : executor_(executor), retry_(executor) {}

    asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) override;
    void cancel() noexcept override;

private:
    const asio::any_io_executor executor_;
    asio::steady_timer retry_;
    bool cancelled_ = false;
};

}  // namespace tempeh::transport
