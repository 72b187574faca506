#include "testing/simulated_engine.hpp"

#include "testing/simulation.hpp"

#include <boost/asio/strand.hpp>
#include <spdlog/logger.h>

#include <utility>

namespace tempeh::testing::detail {

namespace {

/// Silences the default logger: injected faults would fill the terminal with warnings.
Options prepared(Options options) {
    if (options.logger == nullptr) {
        options.logger = std::make_shared<spdlog::logger>("simulated");
        options.logger->set_level(spdlog::level::off);
    }
    return options;
}

core::Environment environmentOf(Simulation& simulation, const std::string& name,
                                const asio::any_io_executor& executor) {
    World& world = simulation.world();
    return {.network = std::make_unique<MemoryNetwork>(world, name, executor),
            .clock = transport::Clock(world.timeline().moment())};
}

}  // namespace

SimulatedEngine::SimulatedEngine(Simulation& simulation, std::string name, const Options& options)
    : SimulatedEngine(simulation, simulation.makeContext(), std::move(name), options) {}

SimulatedEngine::SimulatedEngine(Simulation& simulation, HostContext& context, std::string name,
                                 const Options& options)
    : SimulatedEngine(simulation, context, asio::make_strand(context), std::move(name), options) {}

SimulatedEngine::SimulatedEngine(Simulation& simulation, HostContext& context,
                                 const asio::any_io_executor& strand, std::string name,
                                 const Options& options)
    : EmbeddedEngine(context, strand, prepared(options), environmentOf(simulation, name, strand))
    , simulation_(simulation)
    , context_(context)
    , name_(std::move(name)) {}

SimulatedEngine::~SimulatedEngine() {
    release();
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
    if (!beginShutdown()) return report;
    const TimePoint until = timeAfter(now(), deadline);
    const std::function<bool()> hasDrained = [this] { return isDrained(); };
    simulation_.run(&hasDrained, until);
    return endShutdown();
}

void SimulatedEngine::stop() noexcept {
    if (!std::exchange(isStopped_, true)) EmbeddedEngine::stop();
}

void SimulatedEngine::release() noexcept {
    stop();
    releaseContext();
}

}  // namespace tempeh::testing::detail
