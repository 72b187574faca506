#pragma once

#include "core/engine/environment.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/core/channel_group.hpp>
#include <tempeh/core/options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>

namespace tempeh::core {

class Engine;

/// An engine in an environment that its owner provides: a context that the owner runs on one thread, a
/// network and a clock. This is the only part of core's engine that the test library (lib/testing) uses, and
/// so the only one that a shared library exports.
class TEMPEH_EXPORT EmbeddedEngine : public Ampe {
public:
    /// Throws Error(InvalidOption).
    EmbeddedEngine(asio::io_context& context, asio::any_io_executor executor, const Options& options,
                   Environment environment);
    ~EmbeddedEngine() override;
    EmbeddedEngine(const EmbeddedEngine&) = delete;
    EmbeddedEngine& operator=(const EmbeddedEngine&) = delete;

    MessagePtr get(AllocationStrategy strategy) final;
    using Ampe::createGroup;
    ChannelGroup createGroup(error_code& ec) final;
    EngineStats stats() const final;
    TimePoint now() const noexcept final;
    asio::any_io_executor executor() const;

    /// shutdown() in three steps, so that the owner can run the context in between. False: it was already
    /// shut down.
    bool beginShutdown() noexcept;
    /// Every channel has ended.
    bool isDrained() const;
    /// Ends the remaining channels and lists them in the report.
    ShutdownReport endShutdown() noexcept;

    /// Like destroying a Reactor, but does not wait.
    void stop() noexcept;
    /// After stop(): releases everything that belongs to the context.
    void releaseContext() noexcept;

private:
    std::shared_ptr<Engine> engine_;
};

}  // namespace tempeh::core
