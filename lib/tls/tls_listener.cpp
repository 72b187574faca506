#include "tls/tls_listener.hpp"

#include "tls/material_store.hpp"
#include "tls/tls_address_text.hpp"
#include "tls/tls_error.hpp"
#include "tls/tls_stream.hpp"

#include <utility>

namespace tempeh::tls {

TlsListener::TlsListener(std::unique_ptr<transport::Listener> below, const asio::any_io_executor& executor,
                         std::shared_ptr<TlsContext> context)
    : below_(std::move(below)), executor_(executor), context_(std::move(context)) {}

asio::awaitable<void> TlsListener::open(Address address, error_code& ec) {
    const std::optional<TcpServerAddress> tcp = tcpServer(address);
    const MaterialStore* const store = MaterialStore::of(context_.get(), tcp.has_value(), ec);
    if (!ec && !store->current()->hasCertificate()) ec = TlsError::NoOwnCertificate;
    if (ec) co_return;
    Address below = *tcp;
    co_await below_->open(std::move(below), ec);
}

Address TlsListener::boundAddress() const {
    return overTcp(below_->boundAddress());
}

asio::awaitable<std::unique_ptr<transport::Stream>> TlsListener::accept(error_code& ec) {
    std::unique_ptr<transport::Stream> stream = co_await below_->accept(ec);
    if (stream != nullptr) {
        // Each connection with the certificates of now.
        std::shared_ptr<const Material> material = MaterialStore::of(context_.get())->current();
        stream = std::make_unique<TlsStream>(std::move(stream), std::move(material), executor_);
    }
    co_return stream;
}

}  // namespace tempeh::tls
