#pragma once

#include "core/channel.hpp"
#include "core/channel_table.hpp"
#include "core/job.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <boost/intrusive/slist.hpp>

#include <atomic>
#include <memory>
#include <optional>

namespace tempeh::core {

/// What other threads have for the reactor: messages by channel, words about channels, jobs. One lock, held
/// for a few list operations at a time, and once by the reactor for everything that a wake brings. Within it
/// the ChannelTable's may be taken, never the other way round. Nothing here wakes the reactor: functions that
/// return "wake" give true when the caller has to, which is once until the wake is collected.
class SubmitQueue {
public:
    explicit SubmitQueue(ChannelTable& table) noexcept : table_(table) {}
    ~SubmitQueue();
    SubmitQueue(const SubmitQueue&) = delete;
    SubmitQueue& operator=(const SubmitQueue&) = delete;

    // --- Any thread: messages ---

    /// What became of a post.
    struct Outcome {
        Status status = Status::Success;    ///< Else the message was refused, and is the caller's as before.
        std::optional<Status> comesBack{};  ///< The channel has ended: with this, before its ChannelClosed.
        Channel* writer = nullptr;  ///< The caller has borrowed its right to write the message itself.
        bool wake = false;
        MessagePtr dropped{};  ///< Nothing left to do; to be dropped without a lock.
    };
    /// Who writes what is posted: the reactor, or the caller if it can borrow the right to.
    enum class Writer : std::uint8_t { Reactor, Caller };
    /// A checked message for a channel of the group, whose obligation was taken.
    Outcome post(const GroupChannels& group, MessagePtr& message, BinaryHeader& header,
                 Writer writer) noexcept TEMPEH_EXCLUDES(mutex_);
    /// The message that opens a channel.
    Outcome postFirst(Channel& channel, MessagePtr& message, BinaryHeader& header) noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// From the front whatever is plain, has room and owes nothing, under one lock: 128 messages at most. How
    /// many; `wake` becomes true when the reactor is to be woken.
    std::size_t postPlain(const GroupChannels& group, MessageQueue& messages, bool& wake) noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// For a channel that has ended and cannot go meanwhile: the message comes back.
    Outcome postLate(Channel& channel, MessagePtr& message, BinaryHeader& header) noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// Whether that channel of that group could take a message, as far as the two tell.
    static Status checkTarget(const Channel* channel, const GroupChannels& group, OpCode opCode) noexcept;
    /// Whoever borrowed the right to write could not give it back: the reactor finds it when it looks after
    /// the channel. Wake. The channel may be gone afterwards.
    bool returnSendRight(Channel& channel) noexcept TEMPEH_EXCLUDES(mutex_);

    // --- Any thread: words about channels ---

    /// The peer's bye was dropped unanswered. Wake.
    bool requestByeResponse(ChannelNumber number, std::uint32_t generation) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Wake, unless the channel has ended.
    bool requestReadMode(Channel& channel, ReadMode mode) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Whether waitWritable would find room; ChannelClosed or another error when it would never.
    bool isWritable(const GroupChannels& group, ChannelNumber number, Status& status) const noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// Success when there may be room to wait for in that channel of that group.
    static Status checkConnection(const Channel* channel, const GroupChannels& group) noexcept;
    /// Ends the wait of a waitWritable that is, or will be, with that channel. Wake.
    bool cancel(detail::Waiter& waiter, ChannelNumber number) noexcept TEMPEH_EXCLUDES(mutex_);
    ChannelSubmissions::Snapshot snapshot(const Channel& channel) const noexcept TEMPEH_EXCLUDES(mutex_);

    // --- Any thread: the end of channels ---

    /// Frees the number. The channel itself goes with buryRetired(). False: it was free already.
    bool retire(Channel& channel) noexcept TEMPEH_EXCLUDES(mutex_);
    /// A ChannelClosed is about to be taken: gives what was posted since the end, or retires the channel when
    /// there is nothing.
    MessageQueue takeLateOrRetire(ChannelNumber number, std::uint32_t generation) noexcept
        TEMPEH_EXCLUDES(mutex_);

    // --- Any thread: jobs ---

    /// Queues a job for the reactor, unless it is queued. `keepAlive` has what the job is a member of. Wake.
    bool enlist(Job& job, std::shared_ptr<void> keepAlive) noexcept TEMPEH_EXCLUDES(mutex_);

    /// Something was submitted since the last collect(). No lock; nor do the next two.
    bool hasSubmissions() const noexcept { return hasSubmissions_.load(std::memory_order_acquire); }
    bool hasAnything() const noexcept { return hasSubmissions() || hasJobs_.load(std::memory_order_acquire); }
    /// What was submitted comes from a thread that is about to submit more. No lock.
    bool expectsMore() const noexcept { return expectsMore_.load(std::memory_order_relaxed); }
    /// Nothing submitted, and the table not closed.
    bool isQuiet() const noexcept { return !hasSubmissions() && !table_.isClosed(); }

    // --- Reactor thread ---

    /// Moves what was submitted to Channel::accepting of the channels that are then in `channels`, each with
    /// a reference.
    void collect(ChannelList<CollectedTag>& channels) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Likewise, and takes the jobs for runJobs(). The wake that was asked for has arrived: the next one is
    /// asked for again.
    void collectWake(ChannelList<CollectedTag>& channels) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Likewise for a reactor that polls: a wake may still be on its way.
    void collectPolled(ChannelList<CollectedTag>& channels) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Runs the jobs that were taken.
    void runJobs() noexcept;
    /// Neither those nor what is enlisted will run.
    void dropJobs() noexcept TEMPEH_EXCLUDES(mutex_);
    /// Whether the reactor polls, so that nobody need wake it. Setting false gives true when something was
    /// submitted meanwhile.
    bool setPolling(bool polling) noexcept TEMPEH_EXCLUDES(mutex_);

    /// What is posted from now on comes back with that status. Gives what was submitted and not collected.
    MessageQueue end(Channel& channel, Status lateStatus) noexcept TEMPEH_EXCLUDES(mutex_);
    /// As requestReadMode(), for a reactor thread that has seen to the rest.
    void noteReadMode(Channel& channel, ReadMode mode) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Whether the waitWritable is to wait: `mustWait`, and not cancelled before it got here. cancel() finds
    /// it from now on.
    bool registerWaiter(detail::Waiter& waiter, bool mustWait) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Its wait is over: who cancels it from now on comes too late.
    void deregisterWaiter(detail::Waiter& waiter) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Drops what was retired; no pointer from ChannelTable::peek() is in use.
    void buryRetired() noexcept TEMPEH_EXCLUDES(mutex_);
    /// The reactor thread is gone for good: nothing is listed for it any more, what is gets dropped. It would
    /// keep channel, group, engine and so this alive.
    void dropListed() noexcept TEMPEH_EXCLUDES(mutex_);

private:
    using Data = ChannelSubmissions::Data;
    using JobList = boost::intrusive::slist<Job, boost::intrusive::cache_last<true>>;

    /// The way to what the channels have.
    Data& dataOf(Channel& channel) const noexcept TEMPEH_REQUIRES(mutex_) {
        return channel.submissions.data_;
    }
    const Data& dataOf(const Channel& channel) const noexcept TEMPEH_REQUIRES(mutex_) {
        return channel.submissions.data_;
    }
    Outcome keepLate(Channel& channel, MessagePtr& message, BinaryHeader& header) noexcept
        TEMPEH_REQUIRES(mutex_);
    bool mayWriteDirectly(Channel& channel, const Message& message) noexcept TEMPEH_REQUIRES(mutex_);
    bool hasRoom(const Channel& channel, const Message& message) const noexcept TEMPEH_REQUIRES(mutex_);
    bool submit(Channel& channel, MessagePtr message) noexcept TEMPEH_REQUIRES(mutex_);
    bool list(Channel& channel) noexcept TEMPEH_REQUIRES(mutex_);
    bool needsWake() noexcept TEMPEH_REQUIRES(mutex_);
    void retireHeld(Channel& channel) noexcept TEMPEH_REQUIRES(mutex_);
    void collectHeld(ChannelList<CollectedTag>& channels) noexcept TEMPEH_REQUIRES(mutex_);
    void collectOne(Channel& channel) noexcept TEMPEH_REQUIRES(mutex_);
    void takeJobs() noexcept TEMPEH_REQUIRES(mutex_);

    ChannelTable& table_;
    mutable base::Mutex mutex_;
    // With something submitted; and to be dropped by the reactor thread. Each has a reference.
    ChannelList<ListedTag> listed_ TEMPEH_GUARDED_BY(mutex_);
    ChannelList<RetiredTag> retired_ TEMPEH_GUARDED_BY(mutex_);
    JobList jobs_ TEMPEH_GUARDED_BY(mutex_);
    bool wakeIsDue_ TEMPEH_GUARDED_BY(mutex_) = false;  // one is on its way
    bool polling_ TEMPEH_GUARDED_BY(mutex_) = false;
    bool isDeserted_ TEMPEH_GUARDED_BY(mutex_) = false;  // no reactor thread any more
    // Written with the lock.
    std::atomic<bool> hasRetired_{false};
    std::atomic<bool> hasSubmissions_{false};
    std::atomic<bool> hasJobs_{false};
    std::atomic<bool> expectsMore_{false};

    JobList taken_;  // reactor thread
};

}  // namespace tempeh::core
