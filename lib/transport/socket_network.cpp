#include "transport/socket_connector.hpp"
#include "transport/socket_listener.hpp"
#include "transport/steady_timer.hpp"
#include "transport/transport.hpp"

#include <utility>

namespace tempeh::transport {

namespace {

class SocketNetwork final : public Network {
public:
    SocketNetwork(asio::any_io_executor executor, const SocketOptions& options)
        : executor_(std::move(executor)), options_(options) {}

    std::unique_ptr<Connector> makeConnector() override {
        return std::make_unique<SocketConnector>(executor_, options_);
    }
    std::unique_ptr<Listener> makeListener() override {
        return std::make_unique<SocketListener>(executor_, options_);
    }
    std::unique_ptr<Timer> makeTimer() override { return std::make_unique<SteadyTimer>(executor_); }

private:
    asio::any_io_executor executor_;
    SocketOptions options_;
};

}  // namespace

std::unique_ptr<Network> makeSocketNetwork(asio::any_io_executor executor, const SocketOptions& options) {
    return std::make_unique<SocketNetwork>(std::move(executor), options);
}

}  // namespace tempeh::transport
