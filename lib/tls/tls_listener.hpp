#pragma once

#include "transport/listener.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace tempeh {
class TlsContext;
}

namespace tempeh::tls {

namespace asio = boost::asio;

/// Accepts connections of another listener and puts TLS over them. It does no handshake itself: the streams
/// do, when they are read.
class TlsListener final : public transport::Listener {
public:
    TlsListener(std::unique_ptr<transport::Listener> below, const asio::any_io_executor& executor,
                std::shared_ptr<TlsContext> context);

    asio::awaitable<void> open(Address address, error_code& ec) override;
    Address boundAddress() const override;
    asio::awaitable<std::unique_ptr<transport::Stream>> accept(error_code& ec) override;
    void close() noexcept override { below_->close(); }

private:
    const std::unique_ptr<transport::Listener> below_;
    const asio::any_io_executor executor_;
    const std::shared_ptr<TlsContext> context_;
};

}  // namespace tempeh::tls
