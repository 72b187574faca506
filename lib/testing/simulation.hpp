#pragma once

#include "base/run_sources.hpp"
#include "core/message_ids.hpp"
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

/// Ids begin anew with every simulation, so that those of a run do not depend on what ran before in the
/// process.
class OwnMessageIds {
public:
    OwnMessageIds() noexcept : before_(core::ids::block) {
        constexpr MessageId end = MessageId{1} << 48U;
        core::ids::block = {.next = 1, .end = end};
    }
    ~OwnMessageIds() { core::ids::block = before_; }
    OwnMessageIds(const OwnMessageIds&) = delete;
    OwnMessageIds& operator=(const OwnMessageIds&) = delete;

private:
    const core::ids::Block before_;
};

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

    const OwnMessageIds ids_;
    base::RunSources sources_;
    World world_;
    std::vector<std::unique_ptr<HostContext>> contexts_;
    std::size_t turn_ = 0;  // whose context it is
    std::vector<std::unique_ptr<SimulatedEngine>> engines_;
    std::exception_ptr failure_;
    std::uint64_t steps_ = 0;
    bool isRunning_ = false;
};

}  // namespace tempeh::testing::detail
