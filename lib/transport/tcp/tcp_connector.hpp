#pragma once

#include "transport/connector.hpp"
#include "transport/socket_options.hpp"
#include "transport/tcp/resolver.hpp"

#include <memory>

namespace tempeh::transport {

class TcpRace;

/// Connects over TCP: to the address of the name that answers first.
class TcpConnector final : public Connector {
public:
    TcpConnector(const asio::any_io_executor& executor, const SocketOptions& options,
                 LookupFunction lookUp = lookUpTcp);
    ~TcpConnector() override;
    TcpConnector(const TcpConnector&) = delete;
    TcpConnector& operator=(const TcpConnector&) = delete;

    asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) override;
    bool isQueued() const noexcept override { return resolver_.isQueued(); }
    void cancel() noexcept override;

private:
    const asio::any_io_executor executor_;
    const SocketOptions options_;
    Resolver resolver_;
    std::shared_ptr<TcpRace> race_;
    bool cancelled_ = false;
};

}  // namespace tempeh::transport
