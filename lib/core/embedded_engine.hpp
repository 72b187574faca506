#pragma once

#include "core/environment.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/core/channel_group.hpp>
#include <tempeh/core/options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>

namespace tempeh::core {

class Engine;

/// The engine in a world made by somebody else: a context that they run on one thread, a network and a clock.
/// The library of tests (lib/testing) sees of core's engine this alone, so it is all that a shared library
/// shows of it.
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

    /// shutdown() in three steps, so that its owner runs the context in between. False: it has shut down
    /// before.
    bool beginShutdown() noexcept;
    /// Every channel has ended.
    bool isDrained() const;
    /// Ends what is left, and names it.
    ShutdownReport endShutdown() noexcept;

    /// As destroying a Reactor, without the wait.
    void stop() noexcept;
    /// After stop(): nothing of the context's is used any more.
    void releaseContext() noexcept;

private:
    std::shared_ptr<Engine> engine_;
};

}  // namespace tempeh::core
