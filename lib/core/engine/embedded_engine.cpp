#include "core/engine/embedded_engine.hpp"

#include "core/engine/engine.hpp"
#include "core/engine/options_check.hpp"
#include "core/group/group.hpp"

#include <utility>

namespace tempeh::core {

EmbeddedEngine::EmbeddedEngine(asio::io_context& context, asio::any_io_executor executor,
                               const Options& options, Environment environment)
    : engine_(std::make_shared<Engine>(context, std::move(executor), checked(options), std::move(environment),
                                       false)) {}

EmbeddedEngine::~EmbeddedEngine() = default;

MessagePtr EmbeddedEngine::get(AllocationStrategy strategy) {
    return engine_->pool().get(strategy);
}

ChannelGroup EmbeddedEngine::createGroup(error_code& ec) {
    std::shared_ptr<Group> group = engine_->createGroup(ec);
    return group != nullptr ? ChannelGroup(std::move(group)) : ChannelGroup();
}

EngineStats EmbeddedEngine::stats() const {
    return engine_->stats();
}

TimePoint EmbeddedEngine::now() const noexcept {
    return engine_->now();
}

asio::any_io_executor EmbeddedEngine::executor() const {
    return engine_->context().executor();
}

bool EmbeddedEngine::beginShutdown() noexcept {
    return engine_->life().begin();
}

bool EmbeddedEngine::isDrained() const {
    return engine_->life().isDrained();
}

ShutdownReport EmbeddedEngine::endShutdown() noexcept {
    const Engine::Turn turn(*engine_);
    return engine_->life().endShutdown();
}

void EmbeddedEngine::stop() noexcept {
    const Engine::Turn turn(*engine_);
    engine_->life().forceStop();
    engine_->life().closeLingering();
}

void EmbeddedEngine::releaseContext() noexcept {
    engine_->life().releaseContext();
}

}  // namespace tempeh::core
