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

/// The real engine, on sockets. A process may have any number of them, each with its own channels, pool and
/// thread. Destroying it calls shutdown(Options::lingerTimeout), waits as long again for peers that have not
/// read the last bytes, and waits about one more second at worst when a handler blocks its thread. It never
/// hangs. Groups and messages may outlive it.
class TEMPEH_EXPORT Reactor final : public Ampe {
public:
    /// An engine with a thread of its own. That thread takes no signal that is sent to the process. Throws
    /// Error for options out of range, and with the system's code when there are no descriptors;
    /// std::system_error when no thread can be started.
    explicit Reactor(const Options& options = Options());

    /// An engine on the caller's context. The context must outlive it, and the caller runs it, from one or
    /// several threads: the engine keeps to a strand. Starts no thread. The destructor does not wait; the
    /// context ends the channels as it runs on, or as it is destroyed. To wait for what was posted, call
    /// shutdown() from another thread first.
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

    /// The engine's executor, for co_spawn. Coroutines on it exchange messages without a thread switch.
    asio::any_io_executor executor() const noexcept;

private:
    friend class ReactorGroup;
    std::shared_ptr<core::Runtime> runtime_;
};

}  // namespace tempeh
