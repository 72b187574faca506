#pragma once

#include "transport/connector.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>

namespace tempeh {
class TlsContext;
}

namespace tempeh::tls {

namespace asio = boost::asio;

class Session;

/// Connects with another connector, then does the handshake, so that nothing is sent before the server has
/// shown who it is.
class TlsConnector final : public transport::Connector {
public:
    TlsConnector(std::unique_ptr<transport::Connector> below, const asio::any_io_executor& executor,
                 std::shared_ptr<TlsContext> context);
    ~TlsConnector() override;
    TlsConnector(const TlsConnector&) = delete;
    TlsConnector& operator=(const TlsConnector&) = delete;

    asio::awaitable<std::unique_ptr<transport::Stream>> connect(Address address, error_code& ec) override;
    bool isQueued() const noexcept override { return below_->isQueued(); }
    void cancel() noexcept override;
    Status statusOf(const error_code& ec) const noexcept override;

private:
    struct Alarm;

    asio::awaitable<void> shakeHands(Session& session, error_code& ec);
    void startAlarm(asio::steady_timer::duration limit);

    const std::unique_ptr<transport::Connector> below_;
    const asio::any_io_executor executor_;
    const std::shared_ptr<TlsContext> context_;
    std::unique_ptr<transport::Stream> carrier_;
    asio::steady_timer limit_;  // of the handshake
    std::shared_ptr<Alarm> alarm_;
    bool isCancelled_ = false;
};

}  // namespace tempeh::tls
