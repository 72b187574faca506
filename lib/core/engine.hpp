#pragma once

#include "base/repeat_limiter.hpp"
#include "core/block_stock.hpp"
#include "core/channel_table.hpp"
#include "core/context_use.hpp"
#include "core/counters.hpp"
#include "core/deadlines.hpp"
#include "core/environment.hpp"
#include "core/kept_input.hpp"
#include "core/log.hpp"
#include "core/mailbox.hpp"
#include "core/obligation.hpp"
#include "core/owed.hpp"
#include "core/stamp.hpp"
#include "core/submit_queue.hpp"
#include "core/wake_channel.hpp"
#include "core/whereabouts.hpp"
#include "machines/admission.hpp"
#include "message/message_pool.hpp"
#include "transport/transport.hpp"
#include "wire/frame_batch.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/core/options.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>

#include <condition_variable>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tempeh::core {

class Group;
class IoChannel;

/// The engine behind a Reactor: what all channels share, and the turns in which the reactor thread works.
/// "Reactor thread" means the thread whose token is this engine's, i.e. its own thread, or whichever thread
/// is in one of its turns on a caller's context.
class Engine final : public std::enable_shared_from_this<Engine>,
                     private PoolListener,
                     private transport::TimerTarget {
public:
    Engine(asio::io_context& context, asio::any_io_executor executor, const Options& options,
           Environment environment, bool ownsThread);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Whether a frame can wait until the pool has a message for it.
    enum class Need : std::uint8_t { CanWait, MustFit };

    // --- Any thread ---

    const Options& options() const noexcept { return options_; }
    MessagePool& pool() noexcept { return *pool_; }
    Channel::QueueLimits queueLimits() const noexcept {
        return {options_.sendQueueMessages, options_.sendQueueBytes};
    }
    TimePoint now() const noexcept { return clock_.now(); }
    const transport::Clock& clock() const noexcept { return clock_; }
    const Log& log() const noexcept { return log_; }
    EngineCounters& counters() noexcept { return counters_; }
    ChannelTable& channelTable() noexcept { return channelTable_; }
    SubmitQueue& submitQueue() noexcept { return submitQueue_; }
    bool ownsThread() const noexcept { return ownsThread_; }
    const Whereabouts& whereabouts() const noexcept { return whereabouts_; }
    bool isReactorThread() const noexcept { return base::currentThreadToken() == this; }
    /// True also for handlers on the engine's executor outside its turns; slower. In virtual time always.
    bool wouldBlockReactor() const noexcept;
    /// Takes no lock for the executor of a thread of its own, nor on the reactor thread.
    bool isOwnExecutor(const asio::any_io_executor& executor) const noexcept;
    /// Any thread; false once the context is gone.
    bool isOwnContext(const asio::execution_context& context) const noexcept {
        return &context == context_.load(std::memory_order_relaxed);
    }
    /// The system executor once the context is gone.
    asio::any_io_executor executor() const;

    std::shared_ptr<Group> createGroup(error_code& ec) noexcept;
    BinaryHeader post(Group& group, MessagePtr& message, error_code& ec);
    std::size_t postAll(Group& group, MessageQueue& messages, error_code& ec) noexcept;
    void setReadMode(Group& group, ChannelNumber channel, ReadMode mode, error_code& ec) noexcept;
    EngineStats stats() const;
    PoolStats poolStats() const;
    ShutdownReport shutdown(Duration deadline, error_code& ec);
    /// The parts of shutdown(), for who waits in another way: no more posts and groups, and every channel
    /// begins to end. False: the context is gone, and everything with it.
    bool beginShutdown() noexcept;
    bool isDrained() const;

    /// The application is done with a received message in another way than returning it: its obligation ends.
    void settle(Message& message) noexcept {
        if (detail::MessageAccess::obligation(message) != 0) [[unlikely]]
            takeObligationOf(message).settle();
    }
    /// Settled and stamped: the message belongs to the engine.
    void prepare(Message& message, BinaryHeader& header) noexcept {
        settle(message);
        stamp(message, header);
    }

    /// Runs the job in a turn on the reactor thread, later; false when the context is gone (it will not run).
    /// `keepAlive` owns the job.
    bool submit(Job& job, std::shared_ptr<void> keepAlive) noexcept;
    /// Likewise, with memory for the job that is taken here: throws std::bad_alloc, and nothing happened.
    template <typename Work>
    bool defer(Work work);

    /// Makes sure Mailbox::expire() of the group is called at `when`.
    void armReceive(Group& group, TimePoint when) noexcept;
    /// The group's handle is gone.
    void closeGroup(const std::shared_ptr<Group>& group) noexcept;
    /// Group::Errand.
    void closeGroupNow(Group& group) noexcept;
    void armReceiveNow(Group& group) noexcept;
    /// A ChannelClosed is about to be taken: what has to come first, or the number is freed.
    MessageQueue onCloseNotice(std::uint64_t obligation) noexcept;
    /// What waitWritable would find now, without waiting for the reactor.
    bool isWritable(const Group& group, ChannelNumber channel, error_code& ec) const;
    void startWritable(Group& group, detail::Waiter& waiter, ChannelNumber channel) noexcept;
    void cancelWritable(detail::Waiter& waiter, ChannelNumber channel) noexcept;

    /// Calls resume(false) again, after others had their turn.
    void resumeLater(detail::Waiter& waiter) noexcept;

    /// On the reactor thread: takes a waiter of its own executor over, to run it after what runs now, without
    /// a way through the scheduler.
    bool resumeSoon(detail::Waiter& waiter) noexcept;

    // --- Reactor thread ---

    /// One stretch of work on the reactor thread; at the end of the outermost one everything written
    /// meanwhile goes out.
    class Turn {
    public:
        explicit Turn(Engine& engine) noexcept
            : engine_(engine), token_(&engine), place_(engine.whereabouts_, Whereabouts::Doing::EngineWork) {
            ++engine_.turnDepth_;
        }
        ~Turn() {
            if (engine_.turnDepth_ == 1) engine_.endTurn();
            --engine_.turnDepth_;
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        Engine& engine_;
        base::ThreadTokenScope token_;
        Whereabouts::Scope place_;
    };

    /// The application runs meanwhile: a receiver of what came on the channel, or one that was resumed.
    Whereabouts::Scope atReceiver(ChannelNumber channel = 0) noexcept {
        return Whereabouts::Scope(whereabouts_, Whereabouts::Doing::Receiver, channel);
    }

    transport::Network& network() noexcept { return *network_; }
    std::span<std::byte> readBuffer() noexcept { return {readBuffer_.get() + readHeadroom, readBufferSize}; }
    /// How much of readBuffer() a channel of the group may fill with one read: little when it will have to be
    /// kept.
    std::span<std::byte> readRoom(const Group& group, Need need) noexcept;
    /// Bytes that channels which do not read keep, all together.
    KeptInput::Total& keptInput() noexcept { return keptInput_; }
    wire::FrameBatch& frameBatch() noexcept { return frameBatch_; }
    /// Makes one piece of a frame's start and what was read behind it into readBuffer(): copies `head` and
    /// `body`, at most 65,535 bytes, to just before it. The whole, `rest` bytes of the buffer included.
    std::span<const std::byte> joinBeforeReadBuffer(std::span<const std::byte> head,
                                                    std::span<const std::byte> body,
                                                    std::size_t rest) noexcept;
    BlockStock& blocks() noexcept { return blocks_; }

    /// The channel has something to write; it is flushed at the end of the turn.
    void markDirty(Channel& channel) noexcept {
        if (!channel.ChannelHook<DirtyTag>::is_linked()) dirty_.push_back(channel);
        if (turnDepth_ == 0) [[unlikely]]
            scheduleSoon();
    }
    /// As markDirty(), after others had their turn.
    void flushLater(Channel& channel) noexcept;
    /// The pool is empty; the channel is resumed when messages are back, in the order of pausing.
    void pause(IoChannel& channel);
    void unpause(IoChannel& channel) noexcept;
    /// The channel does not read and may try again; after others had their turn.
    void resumeReadingLater(IoChannel& channel) noexcept;
    /// A channel of a group that was told PoolEmpty is about to read: the next shortage may be a new one.
    void noteRecovery(Group& group) noexcept;
    /// A message for a frame received for the group, null: pause.
    MessagePtr takeInbound(Group& group, Need need = Need::CanWait);

    void setDeadline(Deadline& deadline, TimePoint when) noexcept;
    /// Whether the limits of its listener let the connection in. Throws std::bad_alloc.
    bool admits(const machines::Admission& admission, const transport::Stream& stream);
    /// Makes a channel of an accepted connection; TooManyChannels, ShutdownStarted or AllocationFailed when
    /// it cannot, and the connection is closed.
    Status openAccepted(const std::shared_ptr<Group>& group,
                        const std::shared_ptr<machines::Admission>& admission,
                        std::unique_ptr<transport::Stream> stream);
    /// A channel of the group has part of a frame and waits for the rest, or no longer: the message it holds
    /// meanwhile does not count against the pool, or peers that stop in the middle of frames could stop all
    /// others.
    void noteFrameBegun(Group& group) noexcept;
    static void noteFrameDone(Group& group) noexcept;
    /// How much later than planned the deadlines run that run now: this side did not run, and what peers sent
    /// meanwhile may not be read yet. Zero elsewhere.
    Duration lateness() const noexcept { return lateness_; }
    /// Since when this side runs without having been stopped for long. Any thread.
    TimePoint runsSince() const noexcept { return runsSince_.load(std::memory_order_relaxed); }
    /// The channel ended and nobody has to be told (any more).
    void retire(Channel& channel) noexcept { submitQueue_.retire(channel); }
    /// Where a channel's life on the reactor thread begins, and where its stream is gone.
    void noteActive(Channel& channel) noexcept { active_.push_back(channel); }
    void noteInactive(Channel& channel) noexcept { active_.erase(ActiveList::s_iterator_to(channel)); }
    /// Where it ends for the application: the line in the log, then, when all that comes back is there, the
    /// word to who waits for the engine's end.
    void logEnd(const Channel& channel, machines::EndCause cause, Status status, const EndDetail& detail,
                std::size_t returned) const noexcept;
    void noteEnded() noexcept;
    /// Once per interval: a client went `waited` after its hello, which nobody had answered.
    void warnOfUnansweredHello(const Channel& channel, Duration waited) noexcept;
    /// Runs a coroutine of a channel's; the engine stops only when all are done. Throws std::bad_alloc: it
    /// does not run.
    void spawn(asio::awaitable<void> coroutine);
    /// Picks up what other threads posted.
    void drainSubmissions() noexcept;
    /// For a reactor that polls: true when there was something.
    bool drainIfSubmitted();

    /// The event loop goes; drops everything that belongs to it, and gives back what was not sent. Reactor
    /// thread or no thread.
    void releaseContext() noexcept;
    /// Ends every channel and closes every mailbox now.
    void forceStop() noexcept;
    /// forceStop() later, in a turn. Any thread.
    void forceStopSoon() noexcept;
    /// What did not end, by name; then forceStop().
    ShutdownReport endShutdown() noexcept;
    /// Does not wait any longer for peers to close.
    void closeLingering() noexcept;
    bool isIdle() const noexcept { return coroutines_ == 0; }

private:
    friend class Turn;
    using DirtyList = ChannelList<DirtyTag>;
    using ActiveList = ChannelList<ActiveTag>;
    using PausedList = ChannelList<PausedTag>;
    using WaiterList = boost::intrusive::list<detail::Waiter, boost::intrusive::constant_time_size<false>>;
    class Running;

    static constexpr std::size_t readBufferSize = 256 * 1024;  // larger falls out of the second-level cache
    static constexpr std::size_t maxKeptInput = 4 * 1024 * 1024;
    static constexpr std::size_t readHeadroom = BinaryHeader::wireSize + 65'536;  // in front of it, one frame
    static constexpr std::size_t scratchSize =
        wire::FrameBatch::targetBytes + 2 * 65'536 + BinaryHeader::wireSize;

    std::shared_ptr<PoolListener> hold() noexcept override;
    void onReturned() noexcept override;
    void onObligationDropped(std::uint64_t obligation) noexcept override;

    Status postAny(Group& group, MessagePtr& message, BinaryHeader& header);
    std::size_t submitPlain(Group& group, MessageQueue& messages) noexcept;
    Status open(Group& group, MessagePtr& message, BinaryHeader& header);
    bool postPlain(Group& group, MessagePtr& message, BinaryHeader& header) noexcept;
    Status postLocal(Group& group, MessagePtr& message, BinaryHeader& header);
    Status postRemote(Group& group, MessagePtr& message, BinaryHeader& header);
    Status postLate(Channel& channel, MessagePtr& message, BinaryHeader& header);
    Status postFirst(Channel& channel, MessagePtr& message, BinaryHeader& header);
    Status conclude(Group& group, const SubmitQueue::Outcome& outcome) noexcept;
    Owed takeObligation(Message& message) noexcept {
        return detail::MessageAccess::obligation(message) != 0 ? takeObligationOf(message) : Owed();
    }
    Owed takeObligationOf(Message& message) noexcept;
    void wake() noexcept;
    void sendWake() noexcept;
    void onWake() noexcept;
    void acceptCollected() noexcept;
    void acceptCollectedOf(Channel& channel) noexcept;

    void endTurn() noexcept;
    void scheduleSoon() noexcept;
    void onSoon() noexcept;
    void resumeReady() noexcept;
    void flushDirty() noexcept;
    void resumePaused() noexcept;
    void sayPoolEmpty(IoChannel& channel);
    void warnPoolEmpty(const Group& group) noexcept;
    std::string describeGroup(const Group& group) const;
    /// What a group may hold of what it received, whatever others do.
    std::size_t shareOfPool() const noexcept { return shareOfPool_.load(std::memory_order_relaxed); }
    void updateShareOfPool() noexcept TEMPEH_REQUIRES(groupsMutex_);
    bool mayOverdraw(const Group& group) const noexcept;
    bool canReceive(const Group& group) noexcept;
    void armTimer() noexcept;
    void onTimer() noexcept override;
    template <typename Visit>
    void forEachChannel(Visit visit) const;
    void forEachGroup(bool closedOnes) noexcept;
    void forgetGroup(Group& group) noexcept;
    void endAll() noexcept;
    void beginDrain() noexcept;
    void abandonChannels() noexcept;
    void reportBacklog(ShutdownReport& report) const noexcept;
    void noteDrained() noexcept;
    void beginWritable(detail::Waiter& waiter) noexcept;
    void beginArrivals() noexcept;
    void resumeAgain() noexcept;
    static void refuse(detail::Waiter& waiter, Status reason) noexcept;

    const Options options_;
    const transport::Clock clock_;
    const bool ownsThread_;  // all handlers of the context run on the engine's own thread
    Log log_;
    struct ClosePool {
        void operator()(MessagePool* pool) const noexcept { pool->close(); }
    };
    std::unique_ptr<MessagePool, ClosePool> pool_;  // deletes itself when its last message is back
    ChannelTable channelTable_;
    SubmitQueue submitQueue_{channelTable_};
    EngineCounters counters_;

    ContextUse contextUse_;             // by who posts to it
    mutable base::Mutex contextMutex_;  // for a few steps; never while something is posted
    bool contextGone_ TEMPEH_GUARDED_BY(contextMutex_) = false;
    asio::any_io_executor executor_;  // the system's once the context is gone; changed with contextMutex_
    // The same when it is the context's own and no strand; never changed.
    const std::optional<asio::io_context::executor_type> concreteExecutor_;
    std::atomic<const asio::execution_context*> context_;  // null once it is gone
    WakeChannel wakeChannel_;
    // waitWritables on their way to the reactor; and who is to be resumed, when there is memory for it.
    WaiterList arriving_ TEMPEH_GUARDED_BY(contextMutex_);
    WaiterList again_ TEMPEH_GUARDED_BY(contextMutex_);

    // Reactor thread.
    WakeChannel soonChannel_;
    bool isSoonDue_ = false;  // something is on its way through soonChannel_
    int turnDepth_ = 0;
    base::RepeatLimiter unansweredHellos_;
    Whereabouts whereabouts_;
    bool draining_ = false;
    std::atomic<std::size_t> liveChannels_{0};  // opened and not ended
    std::size_t coroutines_ = 0;
    ActiveList active_;  // channels with something of the context's: a stream, a coroutine
    DirtyList dirty_;
    DirtyList later_;  // dirty when others had their turn
    PausedList paused_;
    ChannelList<CollectedTag> collected_;  // with something to accept; each has a reference
    std::uint64_t resumeRound_ = 0;
    KeptInput::Total keptInput_{0};
    base::RepeatLimiter poolWarning_{std::chrono::minutes(1)};  // at the edge it runs short all the time
    Duration lateness_ = Duration::zero();
    std::atomic<TimePoint> runsSince_{TimePoint()};
    Deadlines deadlines_;
    TimePoint timerArmedFor_ = TimePoint::max();
    std::unique_ptr<transport::Network> network_;
    std::unique_ptr<transport::Timer> timer_;  // for the first of deadlines_
    std::unique_ptr<std::byte[]> readBuffer_;
    std::unique_ptr<std::byte[]> scratch_;
    wire::FrameBatch frameBatch_;
    BlockStock blocks_;
    WaiterList ready_;

    OwnJob<Engine, &Engine::resumePaused> resuming_{*this};
    OwnJob<Engine, &Engine::beginArrivals> arrivals_{*this};
    OwnJob<Engine, &Engine::resumeAgain> resumingAgain_{*this};
    OwnJob<Engine, &Engine::beginDrain> drain_{*this};
    OwnJob<Engine, &Engine::forceStop> stopping_{*this};

    base::Mutex goneMutex_;  // held in what is done without a reactor thread, when the context is gone

    mutable base::Mutex groupsMutex_;
    std::vector<std::shared_ptr<Group>> groups_ TEMPEH_GUARDED_BY(groupsMutex_);
    std::uint64_t groupsMade_ TEMPEH_GUARDED_BY(groupsMutex_) = 0;
    std::atomic<std::size_t> shareOfPool_{1};  // written with groupsMutex_
    bool groupsClosed_ TEMPEH_GUARDED_BY(groupsMutex_) = false;
    bool isDrained_ TEMPEH_GUARDED_BY(groupsMutex_) = false;  // every channel has ended
    std::condition_variable drained_;
};

template <typename Work>
bool Engine::defer(Work work) {
    const auto job = std::make_shared<JobOf<Work>>(std::move(work));
    return submit(*job, job);
}

}  // namespace tempeh::core
