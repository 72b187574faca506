#pragma once

#include "core/channel/channel.hpp"
#include "core/engine/drain_latch.hpp"
#include "core/submit/task.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/ampe.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>

namespace tempeh::core {

class Engine;
class Group;

/// How an engine and its groups end: keeps the list of live channels and runs the steps of a shutdown.
class EngineLife {
public:
    explicit EngineLife(Engine& engine) noexcept : engine_(engine) {}
    EngineLife(const EngineLife&) = delete;
    EngineLife& operator=(const EngineLife&) = delete;

    // --- Any thread ---

    /// Implements Ampe::shutdown().
    ShutdownReport shutdown(Duration deadline, error_code& ec);
    /// First step, for a caller that waits in its own way: rejects further posts and groups, and starts to
    /// end every channel. False: the context is gone, and everything with it.
    bool begin() noexcept;
    bool isDrained() const noexcept { return drained_.isOpen(); }
    std::size_t liveChannels() const noexcept { return drained_.live(); }
    /// Ends every channel and closes every mailbox, later, in a turn.
    void forceStopSoon() noexcept;
    /// For use after submit() reported that the context is gone: waits until nothing on it uses the engine.
    void awaitRelease() noexcept TEMPEH_EXCLUDES(goneMutex_) { const base::MutexLock lock(goneMutex_); }
    /// The group's handle is gone.
    void closeGroup(const std::shared_ptr<Group>& group) noexcept;

    /// A channel is about to open; or it failed to open.
    void noteOpened() noexcept { drained_.noteOpened(); }
    void noteNotOpened() noexcept;

    // --- Reactor thread ---

    /// A channel has ended for the application, and all its returned messages are in the mailbox.
    void noteEnded() noexcept;
    /// A channel starts to live on the reactor thread; or its stream is gone.
    void noteActive(Channel& channel) noexcept { active_.push_back(channel); }
    void noteInactive(Channel& channel) noexcept { active_.erase(ActiveList::s_iterator_to(channel)); }
    /// Held while a channel waits on the context: the engine lives, and stops only when the last is gone.
    class Use;
    Use use() noexcept;
    /// Runs a coroutine of a channel, which is a Use. If it throws std::bad_alloc, the coroutine does not
    /// run.
    void spawn(asio::awaitable<void> coroutine);
    /// No channel waits on the context.
    bool isIdle() const noexcept { return uses_ == 0; }

    /// Run by the group's task.
    void closeGroupNow(Group& group) noexcept;
    /// Ends every channel and closes every mailbox now.
    void forceStop() noexcept;
    /// Lists the channels that did not end, then calls forceStop().
    ShutdownReport endShutdown() noexcept;
    /// Stops waiting for peers to close.
    void closeLingering() noexcept;
    /// The event loop is being destroyed: drops everything that belongs to it, and returns what was not sent.
    /// Reactor thread or no thread.
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
    base::Mutex goneMutex_;  // held for work without a reactor thread, when the context is gone

    // Reactor thread.
    bool isDraining_ = false;
    std::size_t uses_ = 0;
    ActiveList active_;  // channels that hold something of the context: a stream, a coroutine

    OwnTask<EngineLife, &EngineLife::beginDrain> drain_{*this};
    OwnTask<EngineLife, &EngineLife::forceStop> stopping_{*this};
};

class EngineLife::Use {
public:
    Use() = default;
    Use(Use&& other) noexcept = default;
    Use& operator=(Use&&) = delete;
    ~Use();
    explicit operator bool() const noexcept { return engine_ != nullptr; }

private:
    friend class EngineLife;
    explicit Use(std::shared_ptr<Engine> engine) noexcept;
    std::shared_ptr<Engine> engine_;
};

}  // namespace tempeh::core
