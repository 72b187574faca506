#pragma once

#include <tempeh/core/reactor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace tempeh {

/// Several Reactors that share the connections of one port, one for each core that should work on them. Each
/// has its own thread (or context), pool, channels and limits. Two Reactors share nothing while messages
/// flow, so the cost of a connection does not grow with their number. Any thread may make every call.
class TEMPEH_EXPORT ReactorGroup {
public:
    /// Makes `reactors` engines, each with a thread of its own. 0: as many as the machine has hardware
    /// threads. All get `options`. Throws as Reactor's constructor.
    explicit ReactorGroup(std::size_t reactors = 0, const Options& options = Options());
    /// Makes one engine on each of the contexts, which must outlive this. The caller runs each with one
    /// thread. Throws std::invalid_argument when there is no context.
    explicit ReactorGroup(const std::vector<std::reference_wrapper<asio::io_context>>& contexts,
                          const Options& options = Options());
    /// Destroys the Reactors, one after the other.
    ~ReactorGroup();
    ReactorGroup(const ReactorGroup&) = delete;
    ReactorGroup& operator=(const ReactorGroup&) = delete;

    /// The number of reactors.
    std::size_t size() const noexcept { return reactors_.size(); }
    /// One of them, from 0 to size() - 1.
    Reactor& operator[](std::size_t index) noexcept { return *reactors_[index]; }
    /// The Reactor with the fewest channels now: for connections that this process opens.
    Reactor& leastBusy() noexcept;

    /// Makes one group on each Reactor, in their order. Connections that any group accepts are spread over
    /// all of them, as ChannelGroup::distributeTo() does. So listen in the first, and receive in each. Throws
    /// Error.
    std::vector<ChannelGroup> createGroups(const AcceptPolicy& policy = {});

    /// The sum of their counters.
    EngineStats stats() const;
    /// Shuts all of them down in parallel and returns one combined report. Blocks as Ampe::shutdown().
    ShutdownReport shutdown(Timeout deadline);
    ShutdownReport shutdown(Duration deadline, error_code& ec);

private:
    std::vector<std::unique_ptr<Reactor>> reactors_;
};

}  // namespace tempeh
