#include "tls/material_store.hpp"

namespace tempeh::tls {

namespace {

Error refuse(const char* what) {
    return Error(make_error_code(Status::NotAllowed), what);
}

}  // namespace

MaterialStore::MaterialStore(TlsOptions options, std::shared_ptr<boost::asio::ssl::context> callers)
    : options_(std::move(options)), isCallers_(callers != nullptr) {
    current_ = isCallers_ ? std::make_shared<const Material>(options_, std::move(callers), counters_)
                          : std::make_shared<const Material>(options_, counters_);
}

void MaterialStore::reload() {
    if (isCallers_)
        throw refuse("TlsContext::reload(): it was made from an ssl::context, so give it another");
    use(std::make_shared<const Material>(options_, counters_));
}

void MaterialStore::reload(std::shared_ptr<boost::asio::ssl::context> callers) {
    if (!isCallers_) throw refuse("TlsContext::reload(): it was made from files, so it reads them again");
    use(std::make_shared<const Material>(options_, std::move(callers), counters_));
}

void MaterialStore::use(std::shared_ptr<const Material> material) {
    const base::MutexLock lock(mutex_);
    current_.swap(material);  // the old one may go here, with its last connection
    counters_->reloads.add();
}

}  // namespace tempeh::tls
