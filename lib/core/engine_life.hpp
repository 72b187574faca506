#pragma once

#include "core/channel.hpp"
#include "core/drain_latch.hpp"
#include "core/job.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/ampe.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>

namespace tempeh::core {

class Engine;
class Group;

/// How an engine and its groups end: which channels live, and the steps of a shutdown.
class EngineLife {
public:
    explicit EngineLife(Engine& engine) noexcept : engine_(engine) {}
    EngineLife(const EngineLife&) = delete;
    EngineLife& operator=(const EngineLife&) = delete;

    // --- Any thread ---

    /// Ampe::shutdown().
    ShutdownReport shutdown(Duration deadline, error_code& ec);
    /// Its parts, for who waits in another way: no more posts and groups, and every channel begins to end.
    /// False: the context is gone, and everything with it.
    bool begin() noexcept;
    bool isDrained() const noexcept { return drained_.isOpen(); }
    std::size_t liveChannels() const noexcept { return drained_.live(); }
    /// Ends every channel and closes every mailbox, in a turn, later.
    void forceStopSoon() noexcept;
    /// The group's handle is gone.
    void closeGroup(const std::shared_ptr<Group>& group) noexcept;

    /// A channel is about to open; and it did not.
    void noteOpened() noexcept { drained_.noteOpened(); }
    void noteNotOpened() noexcept;

    // --- Reactor thread ---

    /// A channel has ended for the application, and all that comes back is there.
    void noteEnded() noexcept;
    /// Where a channel's life on the reactor thread begins, and where its stream is gone.
    void noteActive(Channel& channel) noexcept { active_.push_back(channel); }
    void noteInactive(Channel& channel) noexcept { active_.erase(ActiveList::s_iterator_to(channel)); }
    /// Runs a coroutine of a channel's; the engine stops only when all are done. Throws std::bad_alloc: it
    /// does not run.
    void spawn(asio::awaitable<void> coroutine);
    /// No coroutine of a channel's runs.
    bool isIdle() const noexcept { return coroutines_ == 0; }

    /// Group's errand.
    void closeGroupNow(Group& group) noexcept;
    /// Ends every channel and closes every mailbox now.
    void forceStop() noexcept;
    /// What did not end, by name; then forceStop().
    ShutdownReport endShutdown() noexcept;
    /// Does not wait any longer for peers to close.
    void closeLingering() noexcept;
    /// The event loop goes; drops everything that belongs to it, and gives back what was not sent. Reactor
    /// thread or no thread.
    void releaseContext() noexcept TEMPEH_EXCLUDES(goneMutex_);

private:
    class Running;
    using ActiveList = ChannelList<ActiveTag>;

    template <typename Visit>
    void forEachChannel(Visit visit) const;
    void closeGroups(bool closedOnes) noexcept;
    void beginDrain() noexcept;
    void endAll() noexcept;
    void abandonChannels() noexcept;
    void reportBacklog(ShutdownReport& report) const noexcept;

    Engine& engine_;
    DrainLatch drained_;
    base::Mutex goneMutex_;  // held in what is done without a reactor thread, when the context is gone

    // Reactor thread.
    bool isDraining_ = false;
    std::size_t coroutines_ = 0;
    ActiveList active_;  // channels with something of the context's: a stream, a coroutine

    OwnJob<EngineLife, &EngineLife::beginDrain> drain_{*this};
    OwnJob<EngineLife, &EngineLife::forceStop> stopping_{*this};
};

}  // namespace tempeh::core
