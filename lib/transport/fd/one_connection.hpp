#pragma once

#include "transport/listener.hpp"
#include "transport/socket_options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace tempeh::transport {

/// Has one connection to give, which somebody else accepted.
class OneConnection final : public Listener {
public:
    OneConnection(const asio::any_io_executor& executor, const SocketOptions& options)
        : executor_(executor), options_(options), closed_(executor, asio::steady_timer::time_point::max()) {}
    ~OneConnection() override;
    OneConnection(const OneConnection&) = delete;
    OneConnection& operator=(const OneConnection&) = delete;

    asio::awaitable<void> open(Address address, error_code& ec) override;
    Address boundAddress() const override { return bound_; }
    asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) override;
    void close() noexcept override;

private:
    const asio::any_io_executor executor_;
    const SocketOptions options_;
    asio::steady_timer closed_;  // never expires; cancelled by close()
    std::unique_ptr<Stream> stream_;
    Address bound_;
    bool isClosed_ = false;
};

}  // namespace tempeh::transport
