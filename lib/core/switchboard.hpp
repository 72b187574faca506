#pragma once

#include "core/channel.hpp"
#include "core/channel_numbers.hpp"
#include "core/job.hpp"

#include <boost/intrusive/list.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>

namespace tempeh::core {

/// Where threads meet the engine: which number is which channel, and what other threads have posted. One
/// lock, held for a few list operations at a time. Lookups on the reactor thread take no lock: entries change
/// on that thread, except for opening and retiring, which are atomic stores of the entry.
class Switchboard {
public:
    Switchboard(std::uint64_t seed, std::size_t maxChannels);

    std::mutex& mutex() const noexcept { return mutex_; }

    /// Gives the channel a number and lists it; TooManyChannels, ShutdownStarted or, when the group is gone,
    /// InvalidChannelGroup when it cannot. Any thread.
    Status open(const ChannelPtr& channel, GroupChannels& groupChannels);

    /// Frees the number. Any thread; the mutex must not be held. False: it was free already. The channel
    /// itself goes with buryRetired(), so that what findLocal() gave stays valid.
    bool retire(Channel& channel) noexcept;
    /// A ChannelClosed is about to be taken: gives what was posted since the end, or retires the channel when
    /// there is nothing.
    MessageQueue takeLateOrRetire(ChannelNumber number, std::uint32_t generation) noexcept;
    /// Reactor thread, with no pointer from findLocal() in use: drops what was retired.
    void buryRetired() noexcept;
    /// Any thread; null when free.
    ChannelPtr find(ChannelNumber number) const;
    /// Mutex held.
    Channel* findLocked(ChannelNumber number) const noexcept {
        return entries_[number].load(std::memory_order_relaxed);
    }
    /// Reactor thread, no lock. Valid until the next buryRetired().
    Channel* findLocal(ChannelNumber number) const noexcept {
        return entries_[number].load(std::memory_order_acquire);
    }

    /// The reactor is to look after the channel (Channel::onListed()); mutex held. True: wake the reactor.
    bool list(Channel& channel) noexcept;
    /// Queues a message for the reactor; mutex held. True: wake the reactor.
    bool submit(Channel& channel, MessagePtr& message, std::size_t frameBytes) noexcept;
    /// Queues a job for the reactor, unless it is queued; any thread. True: wake the reactor. `keepAlive` has
    /// what the job is a member of.
    bool enlist(Job& job, std::shared_ptr<void> keepAlive) noexcept;
    /// Something was submitted since the last collect(); any thread.
    bool hasSubmissions() const noexcept { return hasSubmissions_.load(std::memory_order_acquire); }

    /// Something was enlisted and has not run; any thread.
    bool hasJobs() const noexcept { return hasJobs_.load(std::memory_order_acquire); }

    /// Nothing submitted and not closed; any thread.
    bool isQuiet() const noexcept { return !hasSubmissions() && !closed_.load(std::memory_order_relaxed); }

    /// Reactor thread: moves what was submitted to Channel::accepting of the channels that are then in
    /// `channels`, each with a reference.
    void collect(ChannelList<CollectedTag>& channels) noexcept;
    /// Reactor thread: the wake that list(), submit() or enlist() asked for is here.
    void noteWake() noexcept;
    /// Runs what was enlisted. Reactor thread.
    void runJobs() noexcept;
    /// They will not run.
    void dropJobs() noexcept;

    /// No opening and no submitting from now on.
    void close();
    /// The reactor thread is gone for good: nothing is listed for it any more, what is gets dropped. It would
    /// keep channel, group, engine and so this alive.
    void dropListed() noexcept;
    bool isClosed() const noexcept { return closed_.load(std::memory_order_acquire); }

    std::size_t inUse() const;
    bool isFull() const;
    /// The channel with the smallest number from `number` on; null when there is none. To look at all of
    /// them without memory for a list.
    ChannelPtr firstFrom(std::size_t number) const noexcept;

    /// Whether the reactor polls for submissions, so that nobody need wake it. Reactor thread. Setting false
    /// gives true when something was submitted meanwhile.
    bool setPolling(bool polling);

private:
    void retireLocked(Channel& channel) noexcept;
    bool needsWake() noexcept;
    Job* nextJob(std::shared_ptr<void>& keepAlive) noexcept;

    mutable std::mutex mutex_;
    ChannelNumbers numbers_;           // under mutex_
    ChannelList<ListedTag> listed_;    // under mutex_: with something submitted; each has a reference
    ChannelList<RetiredTag> retired_;  // under mutex_: to be dropped by the reactor thread; likewise
    boost::intrusive::slist<Job, boost::intrusive::cache_last<true>> jobs_;  // under mutex_
    std::atomic<bool> hasRetired_{false};                                    // written under mutex_
    bool wakeIsDue_ = false;                   // under mutex_: a wake is on its way
    bool polling_ = false;                     // under mutex_
    bool isDeserted_ = false;                  // under mutex_: no reactor thread any more
    std::uint32_t nextGeneration_ = 1;         // under mutex_
    std::atomic<bool> hasSubmissions_{false};  // written under mutex_
    std::atomic<bool> hasJobs_{false};         // written under mutex_
    std::atomic<bool> closed_{false};          // written under mutex_
    // Each entry holds a reference; changed under mutex_. 512 KiB of address space, touched only where
    // channels are.
    std::unique_ptr<std::atomic<Channel*>[]> entries_;

public:
    ~Switchboard();
};

}  // namespace tempeh::core
