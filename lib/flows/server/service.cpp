#include <tempeh/flows/service.hpp>

namespace tempeh::flows {

Service::~Service() = default;

void Service::start(Ampe& /*engine*/, BlockingChannelGroup /*channels*/) {}

void Service::stop() noexcept {}

void Services::add(std::unique_ptr<Service> service) {
    services_.push_back(std::move(service));
}

void Services::start(Ampe& engine, BlockingChannelGroup channels) {
    try {
        for (; started_ < services_.size(); ++started_)
            services_[started_]->start(engine, channels);
    } catch (...) {
        stop();
        throw;
    }
}

bool Services::onMessage(MessagePtr& message) {
    for (const std::unique_ptr<Service>& service : services_) {
        if (!service->onMessage(message)) return false;
        if (message == nullptr) break;
    }
    return true;
}

void Services::stop() noexcept {
    while (started_ > 0)
        services_[--started_]->stop();
}

}  // namespace tempeh::flows
