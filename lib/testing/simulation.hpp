#pragma once

#include "core/engine/run_scope.hpp"
#include "testing/host_context.hpp"
#include "testing/memory_network.hpp"
#include "testing/simulated_engine.hpp"
#include "testing/world.hpp"

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace tempeh::testing::detail {

/// The implementation of a SimulatedNetwork.
class Simulation {
public:
    explicit Simulation(const SimulationOptions& options);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    World& world() noexcept { return world_; }
    /// The context that belongs to no engine.
    HostContext& context() noexcept { return *contexts_.front(); }
    /// Creates a context for an engine; it lives as long as this object.
    HostContext& makeContext();
    bool isRunning() const noexcept { return isRunning_; }

    Ampe& createEngine(std::string_view name, Options options);
    void spawn(SimulatedEngine* engine, asio::awaitable<void> coroutine);
    SimulatedEngine* find(std::string_view name) noexcept;
    SimulatedEngine& living(std::string_view name);
    void crash(std::string_view name);
    void suspend(std::string_view name);
    void resume(std::string_view name);

    /// Returns true when `isDone` returned true. A null `isDone` never does.
    bool run(const std::function<bool()>* isDone, TimePoint until);

private:
    /// Runs one handler, or advances to one event. False: nothing is left to do before `until`.
    bool step(TimePoint until);
    bool runOneHandler();

    const core::RunScope scope_;
    World world_;
    std::vector<std::unique_ptr<HostContext>> contexts_;
    std::size_t turn_ = 0;  // whose context runs next
    std::vector<std::unique_ptr<SimulatedEngine>> engines_;
    std::exception_ptr failure_;
    std::uint64_t steps_ = 0;
    bool isRunning_ = false;
};

}  // namespace tempeh::testing::detail
