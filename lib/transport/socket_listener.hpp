#pragma once

#include "transport/resolver.hpp"
#include "transport/socket_file.hpp"
#include "transport/socket_types.hpp"
#include "transport/transport.hpp"

#include <boost/asio/steady_timer.hpp>

namespace tempeh::transport {

/// Listens on a TCP port or a Unix socket.
class SocketListener final : public Listener {
public:
    SocketListener(const asio::any_io_executor& executor, const SocketOptions& options);
    ~SocketListener() override { close(); }
    SocketListener(const SocketListener&) = delete;
    SocketListener& operator=(const SocketListener&) = delete;

    asio::awaitable<void> open(Address address, error_code& ec) override;
    Address boundAddress() const override { return bound_; }
    asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) override;
    void close() noexcept override;

private:
    asio::awaitable<void> openTcp(TcpServerAddress address, error_code& ec);
    void openEveryInterface(std::uint16_t port, error_code& ec);
    void listenTcp(const asio::ip::tcp::endpoint& endpoint, bool dualStack, error_code& ec);
    asio::awaitable<void> openUnix(UdsServerAddress address, error_code& ec);
    void listenAbstract(const std::string& name, error_code& ec);
    asio::awaitable<void> listenPath(std::string path, std::optional<std::uint32_t> mode, error_code& ec);

    const SocketOptions options_;
    Resolver resolver_;
    StreamAcceptor acceptor_;
    SocketFile file_;
    asio::steady_timer retry_;
    Address bound_;
    int acceptedInARow_ = 0;  // without giving the executor's other work a turn
    bool closed_ = false;
};

}  // namespace tempeh::transport
