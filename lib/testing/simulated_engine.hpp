#pragma once

#include "core/engine/embedded_engine.hpp"

#include <string>

namespace tempeh::testing::detail {

class Simulation;
class HostContext;

/// The real engine on a simulated network.
class SimulatedEngine final : public core::EmbeddedEngine {
public:
    SimulatedEngine(Simulation& simulation, std::string name, const Options& options);
    ~SimulatedEngine() override;
    SimulatedEngine(const SimulatedEngine&) = delete;
    SimulatedEngine& operator=(const SimulatedEngine&) = delete;

    using Ampe::shutdown;
    ShutdownReport shutdown(Duration deadline, error_code& ec) override;
    std::uint64_t randomSeed() override;

    const std::string& name() const noexcept { return name_; }
    HostContext& context() const noexcept { return context_; }
    bool isStopped() const noexcept { return isStopped_; }
    /// May be called only once.
    void stop() noexcept;
    /// stop(), and releases everything of the context.
    void release() noexcept;

private:
    SimulatedEngine(Simulation& simulation, HostContext& context, std::string name, const Options& options);
    SimulatedEngine(Simulation& simulation, HostContext& context, const asio::any_io_executor& strand,
                    std::string name, const Options& options);

    Simulation& simulation_;
    HostContext& context_;
    const std::string name_;
    bool isStopped_ = false;
};

}  // namespace tempeh::testing::detail
