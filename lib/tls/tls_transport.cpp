#include "tls/tls_transport.hpp"

#include "tls/tls_address_text.hpp"
#include "tls/tls_connector.hpp"
#include "tls/tls_listener.hpp"
#include "transport/scheme.hpp"

#include <memory>
#include <utility>

namespace tempeh::tls {

namespace {

/// TLS for one engine, over the engine's TCP.
class TlsProvider final : public transport::Provider {
public:
    TlsProvider(const asio::any_io_executor& executor, const transport::SocketOptions& options)
        : executor_(executor)
        , context_(options.tls)
        , tcp_(transport::findTransport("tcp")->make(executor, options)) {}

    std::unique_ptr<transport::Connector> makeConnector() override {
        return std::make_unique<TlsConnector>(tcp_->makeConnector(), executor_, context_);
    }
    std::unique_ptr<transport::Listener> makeListener() override {
        return std::make_unique<TlsListener>(tcp_->makeListener(), executor_, context_);
    }

private:
    const asio::any_io_executor executor_;
    const std::shared_ptr<TlsContext> context_;
    const std::unique_ptr<transport::Provider> tcp_;
};

constinit transport::Scheme tlsTransport(
    scheme, &isPlace,
    [](const asio::any_io_executor& executor, const transport::SocketOptions& options)
        -> std::unique_ptr<transport::Provider> { return std::make_unique<TlsProvider>(executor, options); },
    Transport::Tls);

}  // namespace

void addTlsTransport() noexcept {
    static const bool isAdded = transport::addTransport(tlsTransport);
    static_cast<void>(isAdded);
}

}  // namespace tempeh::tls
