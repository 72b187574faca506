#pragma once

#include <tempeh/base/x11_macros.hpp>
#include <tempeh/core/ampe.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/channel_group.hpp>
#include <tempeh/core/options.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>

namespace tempeh {

namespace core {
class Runtime;
}

/// The real engine, on sockets. Any number of them in a process, each with its own channels, pool and thread.
/// Destroying it is shutdown(Options::lingerTimeout), then as long again for peers that have not read the
/// last bytes, and about a second more at worst when a handler blocks its thread: it never hangs. Groups and
/// messages may outlive it.
class TEMPEH_EXPORT Reactor final : public Ampe {
public:
    /// With a thread of its own, which takes no signal that is sent to the process. Throws Error for options
    /// out of range and, with the system's code, when it gets no descriptors; std::system_error when no
    /// thread can be started.
    explicit Reactor(const Options& options = Options());

    /// On the caller's context, which must outlive it and which the caller runs (from one thread or several:
    /// the engine keeps to a strand of it). Starts no thread. Its destructor does not wait: the context ends
    /// the channels as it runs on, or as it is destroyed; call shutdown() from another thread first to wait
    /// for what was posted.
    explicit Reactor(asio::io_context& context, const Options& options = Options());

    ~Reactor() override;
    Reactor(const Reactor&) = delete;
    Reactor& operator=(const Reactor&) = delete;

    MessagePtr get(AllocationStrategy strategy = AllocationStrategy::Always) override;
    using Ampe::createGroup;
    ChannelGroup createGroup(error_code& ec) override;
    EngineStats stats() const override;
    using Ampe::shutdown;
    ShutdownReport shutdown(Duration deadline, error_code& ec) override;

    /// For co_spawn beside the sockets: coroutines here exchange messages without any thread switch.
    asio::any_io_executor executor() const noexcept;

private:
    friend class ReactorGroup;
    std::shared_ptr<core::Runtime> runtime_;
};

}  // namespace tempeh
