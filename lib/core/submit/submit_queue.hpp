#pragma once

#include "core/channel/channel.hpp"
#include "core/submit/channel_table.hpp"
#include "core/submit/task.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <boost/intrusive/slist.hpp>

#include <atomic>
#include <memory>
#include <optional>

namespace tempeh::core {

/// What other threads submit to the reactor: messages for channels, requests about channels, and tasks. One
/// lock, held for a few list operations at a time, and once by the reactor for everything that a wake-up
/// brings. The ChannelTable's lock may be taken while this one is held, never the other way round. Nothing
/// here wakes the reactor: functions documented with "Wake" return true when the caller must do so, which
/// happens once until the wake-up is collected.
class SubmitQueue {
public:
    explicit SubmitQueue(ChannelTable& table) noexcept : table_(table) {}
    ~SubmitQueue();
    SubmitQueue(const SubmitQueue&) = delete;
    SubmitQueue& operator=(const SubmitQueue&) = delete;

    // --- Any thread: messages ---

    /// The result of a post.
    struct Outcome {
        Status status = Status::Success;    ///< On failure the message was refused and stays with the caller.
        std::optional<Status> comesBack{};  ///< The channel has ended: the message comes back with this
                                            ///< status, before its ChannelClosed.
        Channel* writer = nullptr;          ///< The caller has borrowed its right to send.
        bool wake = false;
        MessagePtr dropped{};  ///< Nothing left to do; must be dropped without a lock.
    };
    /// Which side writes a posted message: the reactor, or the caller if it can borrow the right to send.
    enum class Writer : std::uint8_t { Reactor, Caller };
    /// Posts a checked message, whose obligation was taken, to a channel of the group.
    Outcome post(const GroupChannels& group, MessagePtr& message, BinaryHeader& header,
                 Writer writer) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Posts the message that opens a channel.
    Outcome postFirst(Channel& channel, MessagePtr& message, BinaryHeader& header) noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// Posts messages from the front that are plain, have room and carry no obligation, under one lock: at
    /// most 128. Returns how many; sets `wake` to true when the reactor must be woken.
    std::size_t postPlain(const GroupChannels& group, MessageQueue& messages, bool& wake) noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// For a channel that has ended and stays alive during the call: the message comes back.
    Outcome postLate(Channel& channel, MessagePtr& message, BinaryHeader& header) noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// Whether the given channel of the group could take a message, as far as these two tell.
    static Status checkTarget(const Channel* channel, const GroupChannels& group, OpCode opCode) noexcept;
    /// Call when a thread could not give back a borrowed right to send: the reactor picks it up when it next
    /// handles the channel. Wake. The channel may be destroyed after this call.
    bool returnSendRight(Channel& channel) noexcept TEMPEH_EXCLUDES(mutex_);

    // --- Any thread: requests about channels ---

    /// The peer's bye was dropped unanswered. Wake.
    bool requestByeResponse(ChannelNumber number, std::uint32_t generation) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Wake, unless the channel has ended.
    bool requestReadMode(Channel& channel, ReadMode mode) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Whether waitWritable() would find room; ChannelClosed or another error when it never would.
    bool isWritable(const GroupChannels& group, ChannelNumber number, Status& status) const noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// Success when it makes sense to wait for room in that channel of that group.
    static Status checkConnection(const Channel* channel, const GroupChannels& group) noexcept;
    /// Ends a wait of waitWritable() that has reached that channel or is on its way there. Wake.
    bool cancel(detail::Waiter& waiter, ChannelNumber number) noexcept TEMPEH_EXCLUDES(mutex_);
    ChannelSubmissions::Snapshot snapshot(const Channel& channel) const noexcept TEMPEH_EXCLUDES(mutex_);

    // --- Any thread: the end of channels ---

    /// Frees the number. buryRetired() drops the channel itself. False: it was already free.
    bool retire(Channel& channel) noexcept TEMPEH_EXCLUDES(mutex_);
    /// A ChannelClosed is about to be taken: returns what was posted since the end, or retires the channel if
    /// there is nothing.
    MessageQueue takeLateOrRetire(ChannelNumber number, std::uint32_t generation) noexcept
        TEMPEH_EXCLUDES(mutex_);

    // --- Any thread: tasks ---

    /// Queues a task for the reactor unless it is already queued. `keepAlive` owns the object that the task
    /// is a member of. Wake.
    bool enlist(Task& task, std::shared_ptr<void> keepAlive) noexcept TEMPEH_EXCLUDES(mutex_);

    /// Something was submitted since the last collect(). Takes no lock, like the next two.
    bool hasSubmissions() const noexcept { return hasSubmissions_.load(std::memory_order_acquire); }
    bool hasAnything() const noexcept {
        return hasSubmissions() || hasTasks_.load(std::memory_order_acquire);
    }
    /// The submitted messages come from a thread that is about to submit more. Takes no lock.
    bool expectsMore() const noexcept { return expectsMore_.load(std::memory_order_relaxed); }
    /// Nothing was submitted, and the table is not closed.
    bool isQuiet() const noexcept { return !hasSubmissions() && !table_.isClosed(); }

    // --- Reactor thread ---

    /// Moves what was submitted into Channel::accepting; afterwards `channels` has the channels concerned,
    /// each with a reference.
    void collect(ChannelList<CollectedTag>& channels) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Like collect(), and takes the tasks for runTasks(). The requested wake-up has arrived: the next
    /// submission asks for another one.
    void collectWake(ChannelList<CollectedTag>& channels) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Like collectWake(), for a polling reactor: a wake-up may still be pending.
    void collectPolled(ChannelList<CollectedTag>& channels) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Runs the tasks that were taken.
    void runTasks() noexcept;
    /// Neither the taken nor the queued tasks will run.
    void dropTasks() noexcept TEMPEH_EXCLUDES(mutex_);
    /// Sets whether the reactor polls and so need not be woken. Setting false returns true when something was
    /// submitted meanwhile.
    bool setPolling(bool polling) noexcept TEMPEH_EXCLUDES(mutex_);

    /// Messages posted from now on come back with that status. Returns what was submitted and not collected.
    MessageQueue end(Channel& channel, Status lateStatus) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Like requestReadMode(), for the reactor thread, which has done the rest itself.
    void noteReadMode(Channel& channel, ReadMode mode) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Whether the waitWritable() must wait: `mustWait`, and not cancelled before it got here. From now on
    /// cancel() finds it.
    bool registerWaiter(detail::Waiter& waiter, bool mustWait) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Its wait is over: cancelling it from now on has no effect.
    void deregisterWaiter(detail::Waiter& waiter) noexcept TEMPEH_EXCLUDES(mutex_);
    /// Drops retired channels. No pointer from ChannelTable::peek() may be in use.
    void buryRetired() noexcept TEMPEH_EXCLUDES(mutex_);
    /// The reactor thread has ended for good: nothing is listed for it any more, and what is listed gets
    /// dropped. Otherwise the list would keep channel, group, engine and so this object alive.
    void dropListed() noexcept TEMPEH_EXCLUDES(mutex_);

private:
    using Data = ChannelSubmissions::Data;
    using TaskList = boost::intrusive::slist<Task, boost::intrusive::cache_last<true>>;

    /// Access to a channel's part of the queue.
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
    void takeTasks() noexcept TEMPEH_REQUIRES(mutex_);

    ChannelTable& table_;
    mutable base::Mutex mutex_;
    // Channels with something submitted; and channels for the reactor thread to drop. Each holds a reference.
    ChannelList<ListedTag> listed_ TEMPEH_GUARDED_BY(mutex_);
    ChannelList<RetiredTag> retired_ TEMPEH_GUARDED_BY(mutex_);
    TaskList tasks_ TEMPEH_GUARDED_BY(mutex_);
    bool wakeIsDue_ TEMPEH_GUARDED_BY(mutex_) = false;  // a wake-up is pending
    bool polling_ TEMPEH_GUARDED_BY(mutex_) = false;
    bool isDeserted_ TEMPEH_GUARDED_BY(mutex_) = false;  // there is no reactor thread any more
    // Written with the lock held.
    std::atomic<bool> hasRetired_{false};
    std::atomic<bool> hasSubmissions_{false};
    std::atomic<bool> hasTasks_{false};
    std::atomic<bool> expectsMore_{false};

    TaskList taken_;  // reactor thread
};

}  // namespace tempeh::core
