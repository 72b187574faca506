#pragma once

#include "core/engine/engine.hpp"
#include "fuzz/support/memory_network.hpp"

#include <tempeh/core/channel_group.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>

namespace tempeh::fuzz {

/// An engine on a context of the harness's own, its network in memory, its time moved by hand; one thread.
class EngineWorld {
public:
    /// `onStrand`: as on a caller's context; else as on a thread of its own.
    EngineWorld(const Options& options, bool onStrand);
    /// Ends whatever is left and checks that nothing of it stays behind.
    ~EngineWorld();
    EngineWorld(const EngineWorld&) = delete;
    EngineWorld& operator=(const EngineWorld&) = delete;

    core::Engine& engine() noexcept { return *engine_; }
    Switchyard& yard() noexcept { return *yard_; }
    std::shared_ptr<const Switchyard> sharedYard() const noexcept { return yard_; }
    ChannelGroup createGroup();
    /// Until there is nothing left to do but wait.
    void run();
    /// run(), time moved by `time` in steps of the engine's timers, run() at each.
    void advance(Duration time);
    /// As the destructor of a Reactor on a caller's context.
    void stop();
    /// The context goes, whatever is under way; nothing but the engine's own calls may follow.
    void dropContext();

private:
    std::unique_ptr<asio::io_context> context_;
    std::shared_ptr<Switchyard> yard_;
    std::shared_ptr<core::Engine> engine_;
};

}  // namespace tempeh::fuzz
