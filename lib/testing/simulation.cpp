#include "testing/simulation.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace tempeh::testing::detail {

Simulation::Simulation(const SimulationOptions& options) : scope_(~options.seed), world_(options) {
    makeContext();
}

/// No application code runs any more, and the objects it refers to may be gone. Its coroutines are released
/// and destroyed with the context.
Simulation::~Simulation() {
    for (const auto& engine : engines_)
        engine->release();
    world_.timeline().clear();
    engines_.clear();
    // Destroying the handlers of one context may add some to another.
    for (int round = 0; round < 3; ++round)
        for (const auto& context : contexts_)
            context->shutdown();
}

HostContext& Simulation::makeContext() {
    contexts_.push_back(std::make_unique<HostContext>());
    return *contexts_.back();
}

Ampe& Simulation::createEngine(std::string_view name, Options options) {
    const SimulatedEngine* known = find(name);
    if (known != nullptr) throw Error(Status::NotAllowed, "engine " + std::string(name) + " exists already");
    if (options.seed == 0) options.seed = world_.random().next() | 1U;
    engines_.push_back(std::make_unique<SimulatedEngine>(*this, std::string(name), options));
    world_.trace().add(TraceEvent::Start, world_.hostOf(std::string(name)));
    return *engines_.back();
}

SimulatedEngine* Simulation::find(std::string_view name) noexcept {
    const auto found = std::find_if(engines_.begin(), engines_.end(), [name](const auto& engine) {
        return engine->name() == name && !engine->isStopped();
    });
    return found == engines_.end() ? nullptr : found->get();
}

SimulatedEngine& Simulation::living(std::string_view name) {
    SimulatedEngine* engine = find(name);
    if (engine == nullptr) throw Error(Status::InvalidAddress, "there is no engine " + std::string(name));
    return *engine;
}

void Simulation::crash(std::string_view name) {
    SimulatedEngine& engine = living(name);
    engine.context().isSuspended = false;  // its remaining coroutines should end
    world_.crash(world_.hostOf(engine.name()));
    engine.stop();
}

void Simulation::suspend(std::string_view name) {
    SimulatedEngine& engine = living(name);
    if (std::exchange(engine.context().isSuspended, true)) return;
    world_.trace().add(TraceEvent::Suspend, world_.hostOf(engine.name()));
}

void Simulation::resume(std::string_view name) {
    SimulatedEngine& engine = living(name);
    if (!std::exchange(engine.context().isSuspended, false)) return;
    world_.trace().add(TraceEvent::Resume, world_.hostOf(engine.name()));
}

void Simulation::spawn(SimulatedEngine* engine, asio::awaitable<void> coroutine) {
    const asio::any_io_executor executor = engine != nullptr ? engine->executor() : context().get_executor();
    asio::co_spawn(executor, std::move(coroutine), [this, engine](std::exception_ptr thrown) {
        if (thrown == nullptr || failure_ != nullptr) return;
        try {
            std::rethrow_exception(thrown);
        } catch (const boost::system::system_error& error) {
            const bool isOfTheEnd =
                error.code() == Status::ShutdownStarted || error.code() == asio::error::operation_aborted;
            if (engine != nullptr && engine->isStopped() && isOfTheEnd) return;
            failure_ = thrown;
        } catch (...) {
            failure_ = thrown;
        }
    });
}

/// Picks any host: nothing orders what different processes do.
bool Simulation::runOneHandler() {
    const std::size_t count = contexts_.size();
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t whose = (turn_ + i) % count;
        if (!contexts_[whose]->runOne()) continue;
        turn_ = world_.chance(0.5) ? whose : whose + 1;
        return true;
    }
    return false;
}

bool Simulation::step(TimePoint until) {
    Timeline& timeline = world_.timeline();
    std::optional<TimePoint> next = timeline.next();
    // Events due at the same moment may run before, between or after the handlers that they cause.
    const bool isAtOnce = next && *next <= timeline.now() && world_.chance(0.5);
    if (!isAtOnce) {
        if (runOneHandler()) return true;
        next = timeline.next();
    }
    if (!next || *next > until) return false;
    timeline.runNext();
    return true;
}

bool Simulation::run(const std::function<bool()>* isDone, TimePoint until) {
    if (isRunning_) throw Error(Status::NotAllowed, "the simulation is already running");
    struct Running {
        bool& flag;
        explicit Running(bool& isRunning) noexcept : flag(isRunning) { flag = true; }
        ~Running() { flag = false; }
    } const running(isRunning_);
    bool more = true;
    while (more) {
        if (isDone != nullptr && (*isDone)()) return true;
        more = step(until);
        if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
        if (++steps_ > world_.options().maxSteps)
            throw Error(Status::ProcessingFailed, "the simulation exceeded maxSteps without becoming idle");
    }
    if (until != TimePoint::max()) world_.timeline().advanceTo(std::max(until, world_.timeline().now()));
    return isDone != nullptr && (*isDone)();
}

}  // namespace tempeh::testing::detail
