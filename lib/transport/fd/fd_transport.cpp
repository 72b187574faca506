#include "transport/fd/fd_transport.hpp"

#include "transport/fd/fd_connector.hpp"
#include "transport/fd/fd_listener.hpp"
#include "transport/fd/one_connection.hpp"
#include "transport/socket_provider.hpp"

#include <boost/asio/error.hpp>

#include <variant>

namespace tempeh::transport {

namespace {

/// Which of the two kinds of listener it is, only the address says.
class AnyFdListener final : public Listener {
public:
    AnyFdListener(const asio::any_io_executor& executor, const SocketOptions& options)
        : executor_(executor), options_(options) {}

    asio::awaitable<void> open(Address address, error_code& ec) override {
        const auto* const at = std::get_if<CustomServerAddress>(&address);
        ec.clear();
        if (isClosed_) ec = asio::error::operation_aborted;
        if (ec) co_return;
        if (at != nullptr && at->place.starts_with("accepted|"))
            opened_ = std::make_unique<OneConnection>(executor_, options_);
        else
            opened_ = std::make_unique<FdListener>(executor_, options_);
        co_await opened_->open(std::move(address), ec);
    }
    Address boundAddress() const override { return opened_->boundAddress(); }
    asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) override {
        if (opened_ != nullptr) return opened_->accept(ec);
        return neverOpened(ec);
    }
    void close() noexcept override {
        isClosed_ = true;
        if (opened_ != nullptr) opened_->close();
    }

private:
    static asio::awaitable<std::unique_ptr<Stream>> neverOpened(error_code& ec) {
        ec = asio::error::operation_aborted;
        co_return nullptr;
    }

    const asio::any_io_executor executor_;
    const SocketOptions options_;
    std::unique_ptr<Listener> opened_;
    bool isClosed_ = false;
};

}  // namespace

constinit const Scheme fdTransport("fd", nullptr, &SocketProvider<FdConnector, AnyFdListener>::make);

}  // namespace tempeh::transport
