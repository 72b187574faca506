#pragma once

#include "transport/socket_listener.hpp"
#include "transport/tcp/resolver.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <memory>

namespace tempeh::transport {

/// Listens on a TCP port.
class TcpListener final : public SocketListener {
public:
    TcpListener(const asio::any_io_executor& executor, const SocketOptions& options);
    ~TcpListener() override { close(); }
    TcpListener(const TcpListener&) = delete;
    TcpListener& operator=(const TcpListener&) = delete;

    asio::awaitable<void> open(Address address, error_code& ec) override;
    void close() noexcept override;

private:
    std::unique_ptr<Stream> makeStream(StreamSocket socket, const StreamEndpoint& peer) override;
    void openEveryInterface(std::uint16_t port, error_code& ec);
    void listenOn(const asio::ip::tcp::endpoint& endpoint, bool dualStack, error_code& ec);

    Resolver resolver_;
    bool closed_ = false;
};

}  // namespace tempeh::transport
