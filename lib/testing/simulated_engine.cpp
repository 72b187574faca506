#include "testing/simulated_engine.hpp"

#include "core/group.hpp"
#include "core/options_check.hpp"
#include "testing/simulation.hpp"

#include <tempeh/core/channel_group.hpp>

#include <boost/asio/strand.hpp>
#include <spdlog/logger.h>

#include <utility>

namespace tempeh::testing::detail {

namespace {

/// What is injected would fill the terminal with warnings.
Options prepared(Options options) {
    if (options.logger == nullptr) {
        options.logger = std::make_shared<spdlog::logger>("simulated");
        options.logger->set_level(spdlog::level::off);
    }
    return core::checked(options);
}

std::shared_ptr<core::Engine> makeEngine(Simulation& simulation, HostContext& context,
                                         const std::string& name, const Options& options) {
    const asio::any_io_executor strand = asio::make_strand(context);
    World& world = simulation.world();
    core::Environment environment{.network = std::make_unique<MemoryNetwork>(world, name, strand),
                                  .clock = transport::Clock(world.timeline().moment())};
    return std::make_shared<core::Engine>(context, strand, prepared(options), std::move(environment), false);
}

}  // namespace

SimulatedEngine::SimulatedEngine(Simulation& simulation, std::string name, const Options& options)
    : simulation_(simulation)
    , context_(simulation.makeContext())
    , name_(std::move(name))
    , engine_(makeEngine(simulation, context_, name_, options)) {}

SimulatedEngine::~SimulatedEngine() {
    release();
}

ChannelGroup SimulatedEngine::createGroup(error_code& ec) {
    std::shared_ptr<core::Group> group = engine_->createGroup(ec);
    return group != nullptr ? ChannelGroup(std::move(group)) : ChannelGroup();
}

std::uint64_t SimulatedEngine::randomSeed() {
    return simulation_.world().random().next() | 1U;
}

ShutdownReport SimulatedEngine::shutdown(Duration deadline, error_code& ec) {
    ec.clear();
    ShutdownReport report;
    if (simulation_.isRunning()) {
        ec = Status::NotAllowed;
        return report;
    }
    if (!engine_->beginShutdown()) return report;
    const TimePoint until = timeAfter(now(), deadline);
    const std::function<bool()> isDrained = [this] { return engine_->isDrained(); };
    simulation_.run(&isDrained, until);
    {
        const core::Engine::Turn turn(*engine_);
        return engine_->endShutdown();
    }
}

void SimulatedEngine::stop() noexcept {
    if (std::exchange(isStopped_, true)) return;
    const core::Engine::Turn turn(*engine_);
    engine_->forceStop();
    engine_->closeLingering();
}

void SimulatedEngine::release() noexcept {
    stop();
    engine_->releaseContext();
}

}  // namespace tempeh::testing::detail
