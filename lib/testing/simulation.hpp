#pragma once

#include "core/run_scope.hpp"
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

/// What stands behind a SimulatedNetwork.
class Simulation {
public:
    explicit Simulation(const SimulationOptions& options);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    World& world() noexcept { return world_; }
    /// Of no engine.
    HostContext& context() noexcept { return *contexts_.front(); }
    /// For an engine; lives as long as this.
    HostContext& makeContext();
    bool isRunning() const noexcept { return isRunning_; }

    Ampe& createEngine(std::string_view name, Options options);
    void spawn(SimulatedEngine* engine, asio::awaitable<void> coroutine);
    SimulatedEngine* find(std::string_view name) noexcept;
    SimulatedEngine& living(std::string_view name);
    void crash(std::string_view name);
    void suspend(std::string_view name);
    void resume(std::string_view name);

    /// True: `isDone` said so. Null: never does.
    bool run(const std::function<bool()>* isDone, TimePoint until);

private:
    /// One handler, or one moment. False: there is nothing to do until then.
    bool step(TimePoint until);
    bool runOneHandler();

    const core::RunScope scope_;
    World world_;
    std::vector<std::unique_ptr<HostContext>> contexts_;
    std::size_t turn_ = 0;  // whose context it is
    std::vector<std::unique_ptr<SimulatedEngine>> engines_;
    std::exception_ptr failure_;
    std::uint64_t steps_ = 0;
    bool isRunning_ = false;
};

}  // namespace tempeh::testing::detail
