#include "fuzz/support/engine_world.hpp"

#include "core/engine/context_anchor.hpp"
#include "core/group/group.hpp"

#include <boost/asio/strand.hpp>
#include <spdlog/logger.h>

#include <algorithm>

namespace tempeh::fuzz {

namespace {

asio::any_io_executor executorOf(asio::io_context& context, bool onStrand) {
    if (onStrand) return asio::make_strand(context);
    return context.get_executor();
}

Options quiet(Options options) {
    static const auto nowhere = std::make_shared<spdlog::logger>("fuzz");
    options.logger = nowhere;
    options.seed = 1;
    return options;
}

}  // namespace

EngineWorld::EngineWorld(const Options& options, bool onStrand)
    : context_(std::make_unique<asio::io_context>(1)), yard_(std::make_shared<Switchyard>()) {
    yard_->executor = executorOf(*context_, onStrand);
    core::Environment environment{.network = makeMemoryNetwork(yard_), .clock = transport::Clock(yard_->now)};
    engine_ = std::make_shared<core::Engine>(*context_, yard_->executor, quiet(options),
                                             std::move(environment), !onStrand);
    asio::use_service<core::ContextAnchor>(*context_).add(engine_);
}

void EngineWorld::dropContext() {
    yard_->executor = {};
    context_.reset();
}

EngineWorld::~EngineWorld() {
    dropContext();
    const std::weak_ptr<core::Engine> gone = engine_;
    engine_.reset();
    FUZZ_CHECK(gone.expired());
    FUZZ_CHECK(yard_->timers.empty() && yard_->listeners.empty() && yard_->connecting.empty());
}

ChannelGroup EngineWorld::createGroup() {
    error_code ec;
    std::shared_ptr<core::Group> group = engine_->createGroup(ec);
    return group != nullptr ? ChannelGroup(std::move(group)) : ChannelGroup();
}

void EngineWorld::run() {
    constexpr int handlersAtMost = 1'000'000;
    int handlers = 0;
    do {
        yard_->advance(Duration::zero());
        context_->restart();
        while (context_->poll_one() != 0)
            FUZZ_CHECK(++handlers < handlersAtMost);
    } while (yard_->nextTimer() <= yard_->now);
}

void EngineWorld::advance(Duration time) {
    run();
    const auto until = yard_->now + time;
    while (yard_->now < until) {
        const auto next = std::clamp(yard_->nextTimer(), yard_->now, until);
        yard_->advance(next - yard_->now);
        run();
    }
}

void EngineWorld::stop() {
    engine_->life().forceStopSoon();
}

}  // namespace tempeh::fuzz
