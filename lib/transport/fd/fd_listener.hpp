#pragma once

#include "transport/socket_listener.hpp"

#include <memory>
#include <string_view>

namespace tempeh::transport {

/// Listens on a socket that was handed over.
class FdListener final : public SocketListener {
public:
    FdListener(const asio::any_io_executor& executor, const SocketOptions& options)
        : SocketListener(executor, options) {}
    ~FdListener() override { close(); }
    FdListener(const FdListener&) = delete;
    FdListener& operator=(const FdListener&) = delete;

    asio::awaitable<void> open(Address address, error_code& ec) override;
    void close() noexcept override;

private:
    std::unique_ptr<Stream> makeStream(StreamSocket socket, const StreamEndpoint& peer) override;

    void adopt(std::string_view place, error_code& ec);

    bool isClosed_ = false;
};

}  // namespace tempeh::transport
