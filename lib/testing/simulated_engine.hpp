#pragma once

#include "core/engine.hpp"

#include <tempeh/core/ampe.hpp>

#include <functional>
#include <memory>
#include <string>

namespace tempeh::testing::detail {

class Simulation;
class HostContext;

/// The real engine on a simulated network.
class SimulatedEngine final : public Ampe {
public:
    SimulatedEngine(Simulation& simulation, std::string name, const Options& options);
    ~SimulatedEngine() override;
    SimulatedEngine(const SimulatedEngine&) = delete;
    SimulatedEngine& operator=(const SimulatedEngine&) = delete;

    MessagePtr get(AllocationStrategy strategy) override { return engine_->pool().get(strategy); }
    using Ampe::createGroup;
    ChannelGroup createGroup(error_code& ec) override;
    EngineStats stats() const override { return engine_->stats(); }
    using Ampe::shutdown;
    ShutdownReport shutdown(Duration deadline, error_code& ec) override;
    TimePoint now() const noexcept override { return engine_->now(); }
    std::uint64_t randomSeed() override;

    const std::string& name() const noexcept { return name_; }
    HostContext& context() const noexcept { return context_; }
    asio::any_io_executor executor() const { return engine_->executor(); }
    bool isStopped() const noexcept { return isStopped_; }
    /// As destroying a Reactor, without the wait.
    void stop() noexcept;
    /// stop(), and nothing of the context's is left.
    void release() noexcept;

private:
    Simulation& simulation_;
    HostContext& context_;
    const std::string name_;
    std::shared_ptr<core::Engine> engine_;
    bool isStopped_ = false;
};

}  // namespace tempeh::testing::detail
