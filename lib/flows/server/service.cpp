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

void EchoService::start(Ampe& /*engine*/, BlockingChannelGroup channels) {
    channels_ = std::make_unique<BlockingChannelGroup>(std::move(channels));
}

bool EchoService::onMessage(MessagePtr& message) {
    if (message->isFromEngine()) return true;
    BinaryHeader& header = message->header;
    if (header.opCode == OpCode::HelloRequest)
        header.opCode = OpCode::HelloResponse;
    else if (header.opCode == OpCode::Request)
        header.opCode = OpCode::Response;
    else if (header.opCode != OpCode::Signal)
        return true;  // a bye left here is answered by the engine
    error_code ec;
    channels_->post(std::move(message), ec);
    if (!ec) {
        ++echoed_;
    } else if (ec == Status::SendQueueFull) {
        header.opCode = OpCode::ByeSignal;
        header.more = false;
        channels_->post(std::move(message), ec);
    } else {
        message.reset();  // the channel ended; its ChannelClosed follows
    }
    return true;
}

void EchoService::stop() noexcept {
    channels_.reset();
}

}  // namespace tempeh::flows
