#pragma once

#include "transport/connector.hpp"
#include "transport/socket_options.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace tempeh::transport {

/// "Connects" over a socket that was handed over connected.
class FdConnector final : public Connector {
public:
    FdConnector(const asio::any_io_executor& executor, const SocketOptions& options)
        : executor_(executor), options_(options) {}

    asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) override;
    void cancel() noexcept override { cancelled_ = true; }

private:
    const asio::any_io_executor executor_;
    const SocketOptions options_;
    bool cancelled_ = false;
};

}  // namespace tempeh::transport
