#include "tls/material_store.hpp"
#include "tls/tls_transport.hpp"

#include <tempeh/tls/tls_context.hpp>

#include <new>
#include <utility>

namespace tempeh {

namespace {

std::shared_ptr<tls::MaterialStore> makeStore(TlsOptions options,
                                              std::shared_ptr<boost::asio::ssl::context> callers) {
    auto store = std::make_shared<tls::MaterialStore>(std::move(options), std::move(callers));
    tls::addTlsTransport();
    return store;
}

}  // namespace

TlsContext::TlsContext(TlsOptions options) : store_(makeStore(std::move(options), nullptr)) {}

TlsContext::TlsContext(std::shared_ptr<boost::asio::ssl::context> context, TlsOptions options) {
    if (context == nullptr)
        throw Error(make_error_code(Status::InvalidOption), "TlsContext: the ssl::context is null");
    store_ = makeStore(std::move(options), std::move(context));
}

TlsContext::~TlsContext() = default;

void TlsContext::reload() {
    store_->reload();
}

void TlsContext::reload(error_code& ec) noexcept {
    try {
        store_->reload();
        ec.clear();
    } catch (const std::bad_alloc&) {
        ec = Status::AllocationFailed;
    } catch (const Error& failed) {
        ec = failed.code();
    }
}

void TlsContext::reload(std::shared_ptr<boost::asio::ssl::context> context) {
    store_->reload(std::move(context));
}

std::shared_ptr<const PeerCertificate> TlsContext::certificate() const {
    return store_->current()->certificate();
}

TlsStats TlsContext::stats() const noexcept {
    const tls::Counters& counters = store_->counters();
    return {.handshakes = counters.handshakes.get(),
            .resumed = counters.resumed.get(),
            .failures = counters.failures.get(),
            .reloads = counters.reloads.get()};
}

}  // namespace tempeh
