#pragma once

#include "transport/listener.hpp"
#include "transport/socket_options.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>

namespace tempeh::transport {

/// Listens at a name of this process.
class MemListener final : public Listener {
public:
    MemListener(const asio::any_io_executor& executor, const SocketOptions& options);
    ~MemListener() override;
    MemListener(const MemListener&) = delete;
    MemListener& operator=(const MemListener&) = delete;

    asio::awaitable<void> open(Address address, error_code& ec) override;
    Address boundAddress() const override { return CustomServerAddress("mem", name_); }
    asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) override;
    void close() noexcept override;

private:
    class Accepter;

    void unbind() noexcept;

    const asio::any_io_executor executor_;
    const SocketOptions options_;
    const std::shared_ptr<Accepter> accepter_;
    std::string name_;
    bool isBound_ = false;
    bool isClosed_ = false;
};

}  // namespace tempeh::transport
