#pragma once

#include <tempeh/core/reactor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace tempeh {

/// Several Reactors that share the connections of one port, one for each core that is to work on them. Each
/// has its own thread (or context), pool, channels and limits; what a connection costs does not grow with
/// their number, as no two of them share anything while messages flow. Every call may come from any thread.
class TEMPEH_EXPORT ReactorGroup {
public:
    /// `reactors` engines, each with a thread of its own; 0: as many as the machine runs threads at once.
    /// `options` are those of each. Throws as Reactor's constructor.
    explicit ReactorGroup(std::size_t reactors = 0, const Options& options = Options());
    /// An engine on each of the contexts, which must outlive this; each is run by one thread of the caller's.
    /// Throws std::invalid_argument when there is none.
    explicit ReactorGroup(const std::vector<std::reference_wrapper<asio::io_context>>& contexts,
                          const Options& options = Options());
    /// As destroying the Reactors, one after the other.
    ~ReactorGroup();
    ReactorGroup(const ReactorGroup&) = delete;
    ReactorGroup& operator=(const ReactorGroup&) = delete;

    std::size_t size() const noexcept { return reactors_.size(); }
    Reactor& operator[](std::size_t index) noexcept { return *reactors_[index]; }
    /// The one with the fewest channels now: for connections that this process opens.
    Reactor& leastBusy() noexcept;

    /// A group on each reactor, in their order. What any of them accepts is spread over all of them, as
    /// ChannelGroup::distributeTo() does: so listen in the first, and receive in each. Throws Error.
    std::vector<ChannelGroup> createGroups(const AcceptPolicy& policy = {});

    /// The counters of all of them, added up.
    EngineStats stats() const;
    /// Shuts all of them down, side by side; the reports in one. Blocks as Ampe::shutdown().
    ShutdownReport shutdown(Timeout deadline);
    ShutdownReport shutdown(Duration deadline, error_code& ec);

private:
    std::vector<std::unique_ptr<Reactor>> reactors_;
};

}  // namespace tempeh
