#include "core/engine/options_check.hpp"
#include "core/engine/runtime.hpp"
#include "core/group/group.hpp"

#include <tempeh/core/reactor.hpp>

namespace tempeh {

Reactor::Reactor(const Options& options) : runtime_(core::Runtime::onOwnThread(core::checked(options))) {}

Reactor::Reactor(asio::io_context& context, const Options& options)
    : runtime_(core::Runtime::onContext(context, core::checked(options))) {}

Reactor::~Reactor() {
    runtime_->stop();
}

MessagePtr Reactor::get(AllocationStrategy strategy) {
    return runtime_->engine().pool().get(strategy);
}

ChannelGroup Reactor::createGroup(error_code& ec) {
    std::shared_ptr<core::Group> group = runtime_->engine().createGroup(ec);
    return group != nullptr ? ChannelGroup(std::move(group)) : ChannelGroup();
}

EngineStats Reactor::stats() const {
    return runtime_->engine().stats();
}

ShutdownReport Reactor::shutdown(Duration deadline, error_code& ec) {
    return runtime_->engine().life().shutdown(deadline, ec);
}

asio::any_io_executor Reactor::executor() const noexcept {
    return runtime_->engine().context().executor();
}

}  // namespace tempeh
