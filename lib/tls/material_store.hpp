#pragma once

#include "tls/material.hpp"
#include "tls/tls_error.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/tls/tls_context.hpp>

#include <memory>
#include <utility>

namespace tempeh::tls {

/// What a TlsContext holds: the material of the next connection. Any thread.
class MaterialStore {
public:
    MaterialStore(TlsOptions options, std::shared_ptr<boost::asio::ssl::context> callers);

    static const MaterialStore* of(const TlsContext* context) noexcept {
        return context != nullptr ? context->store_.get() : nullptr;
    }
    /// For an address of TLS: null with the reason when it is of something else, or there is no context.
    static const MaterialStore* of(const TlsContext* context, bool isTlsAddress, error_code& ec) noexcept {
        const MaterialStore* const store = of(context);
        ec.clear();
        if (!isTlsAddress)
            ec = Status::WrongAddress;
        else if (store == nullptr)
            ec = TlsError::NoContext;
        return ec ? nullptr : store;
    }

    std::shared_ptr<const Material> current() const {
        const base::MutexLock lock(mutex_);
        return current_;
    }
    /// From the files again, or from another context of the caller's. If it throws, nothing has changed.
    void reload();
    void reload(std::shared_ptr<boost::asio::ssl::context> callers);
    const Counters& counters() const noexcept { return *counters_; }

private:
    void use(std::shared_ptr<const Material> material);

    const TlsOptions options_;
    const bool isCallers_;
    const std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
    mutable base::Mutex mutex_;
    std::shared_ptr<const Material> current_ TEMPEH_GUARDED_BY(mutex_);
};

}  // namespace tempeh::tls
