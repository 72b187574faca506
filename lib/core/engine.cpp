#include "core/engine.hpp"

#include "base/entropy.hpp"
#include "core/group.hpp"
#include "core/io_channel.hpp"

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace tempeh::core {

namespace {

PoolLimits poolLimits(const Options& options) {
    return {.initialMessages = options.initialPoolMessages,
            .maxMessages = options.maxPoolMessages,
            .maxHeapBytesPerMessage = options.maxMessageHeapBytes,
            .maxRetainedHeapBytes = options.maxPoolHeapBytes};
}

/// From here on a late timer means that the process was stopped, or its reactor blocked, and not busy.
constexpr Duration stoppedFor = std::chrono::seconds(1);

template <typename Concrete>
std::optional<Concrete> targetOf(const asio::any_io_executor& executor) {
    const auto* concrete = executor.target<Concrete>();
    return concrete != nullptr ? std::optional(*concrete) : std::nullopt;
}

}  // namespace

Engine::Engine(asio::io_context& context, asio::any_io_executor executor, const Options& options,
               Environment environment, bool ownsThread)
    : options_(options)
    , clock_(environment.clock)
    , ownsThread_(ownsThread)
    , log_(options.logger)
    , pool_(MessagePool::create(poolLimits(options)))
    , channelTable_(options.seed != 0 ? options.seed : base::entropySeed(), options.maxChannels)
    , executor_(std::move(executor))
    , concreteExecutor_(targetOf<asio::io_context::executor_type>(executor_))
    , context_(&context)
    , wakeChannel_(context, targetOf<WakeChannel::Strand>(executor_))
    , soonChannel_(context, targetOf<WakeChannel::Strand>(executor_))
    , network_(std::move(environment.network))
    , timer_(network_->makeTimer())
    , readBuffer_(new std::byte[readHeadroom + readBufferSize])
    , scratch_(new std::byte[scratchSize])
    , frameBatch_(std::span<std::byte>(scratch_.get(), scratchSize)) {
    pool_->setListener(this);
    pool_->setOwner(this);
}

Engine::~Engine() {
    pool_.reset();  // first: it calls no listener any more
}

bool Engine::wouldBlockReactor() const noexcept {
    if (isReactorThread() || clock_.isVirtual()) return true;  // virtual time stands while a thread waits
    if (ownsThread_) return false;                             // that thread has the token in all it does
    const base::MutexLock lock(contextMutex_);
    return !contextGone_ && wakeChannel_.runsInThisThread();
}

bool Engine::isOwnExecutor(const asio::any_io_executor& executor) const noexcept {
    // Neither looks at the context, which may be gone.
    if (const auto* concrete = executor.target<asio::io_context::executor_type>())
        return concreteExecutor_ && *concrete == *concreteExecutor_;
    if (executor.target<WakeChannel::Strand>() == nullptr) return false;
    if (isReactorThread()) return executor == executor_;
    const base::MutexLock lock(contextMutex_);
    return executor == executor_;
}

asio::any_io_executor Engine::executor() const {
    const base::MutexLock lock(contextMutex_);
    return executor_;
}

std::shared_ptr<Group> Engine::createGroup(error_code& ec) noexcept {
    ec.clear();
    const base::MutexLock lock(groupsMutex_);
    if (groupsClosed_) {
        ec = Status::ShutdownStarted;
        return nullptr;
    }
    try {
        // First: a group that is made is not easily unmade.
        if (groups_.size() == groups_.capacity())
            groups_.reserve(std::max<std::size_t>(2 * groups_.size(), 8));
        groups_.push_back(std::make_shared<Group>(shared_from_this(), ++groupsMade_));
        groups_.back()->place = groups_.size() - 1;
        updateShareOfPool();
        return groups_.back();
    } catch (const std::bad_alloc&) {
        ec = Status::AllocationFailed;
        return nullptr;
    }
}

EngineStats Engine::stats() const {
    EngineStats stats;
    stats.sent = counters_.sent.snapshot(counters_.sentDirectly);
    stats.received = counters_.received.snapshot();
    stats.reads = counters_.reads.get();
    stats.writes = counters_.writes.get() + counters_.sentDirectly.messages.get();
    stats.reactorWakes = counters_.reactorWakes.get();
    stats.receiverWakes = counters_.receiverWakes.get();
    stats.connected = counters_.connected.get();
    stats.accepted = counters_.accepted.get();
    stats.acceptFailures = counters_.acceptFailures.get();
    stats.violations = counters_.violations.get();
    stats.helloTimeouts = counters_.helloTimeouts.get();
    stats.refusedByListener = counters_.refusedByListener.get();
    stats.refusedByPeer = counters_.refusedByPeer.get();
    stats.droppedHandshakes = counters_.droppedHandshakes.get();
    stats.frameTimeouts = counters_.frameTimeouts.get();
    stats.writeTimeouts = counters_.writeTimeouts.get();
    stats.returned = counters_.returned.snapshot();
    stats.keptInputBytes = keptInput_.load(std::memory_order_relaxed);
    stats.channels = liveChannels_.load(std::memory_order_relaxed);
    stats.pool = poolStats();
    const base::MutexLock lock(groupsMutex_);
    stats.groups = groups_.size();
    return stats;
}

PoolStats Engine::poolStats() const {
    const PoolCounters pool = pool_->counters();
    return {pool.hits, pool.allocations,        pool.misses, pool.highWater, pool.outstanding,
            pool.free, options_.maxPoolMessages};
}

/// A coroutine that is counted: until its completion has run, or was thrown away with the coroutine.
class Engine::Running {
public:
    explicit Running(std::shared_ptr<Engine> engine) noexcept : engine_(std::move(engine)) {
        ++engine_->coroutines_;
    }
    Running(Running&& other) noexcept = default;
    Running& operator=(Running&&) = delete;
    ~Running() {
        if (engine_ != nullptr) --engine_->coroutines_;
    }
    void operator()(const std::exception_ptr& failure) const noexcept {
        const Turn turn(*engine_);  // the last one leaves no timer behind, which would keep the context busy
        if (failure != nullptr) engine_->log_.error("a channel's coroutine ended with an exception");
    }

private:
    std::shared_ptr<Engine> engine_;
};

void Engine::spawn(asio::awaitable<void> coroutine) {
    asio::co_spawn(executor_, std::move(coroutine), Running(shared_from_this()));
}

// --- Turns ---

void Engine::endTurn() noexcept {
    flushDirty();
    submitQueue_.buryRetired();
    armTimer();
}

void Engine::flushDirty() noexcept {
    while (!dirty_.empty()) {
        auto& channel = static_cast<IoChannel&>(dirty_.front());
        dirty_.pop_front();
        channel.flush();
    }
}

void Engine::flushLater(Channel& channel) noexcept {
    if (channel.ChannelHook<DirtyTag>::is_linked()) channel.ChannelHook<DirtyTag>::unlink();
    later_.push_back(channel);
    scheduleSoon();
}

/// Another turn, after what waits to run now.
void Engine::scheduleSoon() noexcept {
    if (std::exchange(isSoonDue_, true)) return;
    soonChannel_.post([self = shared_from_this()] {
        self->isSoonDue_ = false;
        self->onSoon();
    });
}

void Engine::onSoon() noexcept {
    const Turn turn(*this);
    dirty_.splice(dirty_.end(), later_);
    resumeReady();
}

bool Engine::resumeSoon(detail::Waiter& waiter) noexcept {
    if (!isReactorThread() || !waiter.resumesInline()) return false;
    ready_.push_back(waiter);
    scheduleSoon();
    return true;
}

/// Coroutines that hand messages to each other run here in turn; after some of them it is the turn of others
/// on this executor.
void Engine::resumeReady() noexcept {
    constexpr int resumedInARow = 256;
    for (int i = 0; i < resumedInARow && !ready_.empty(); ++i) {
        detail::Waiter& waiter = ready_.front();
        ready_.pop_front();
        const Whereabouts::Scope place = atReceiver();
        waiter.resume(true);
    }
    if (!ready_.empty()) scheduleSoon();
}

// --- Deadlines ---

void Engine::setDeadline(Deadline& deadline, TimePoint when) noexcept {
    if (deadlines_.set(deadline, when) && turnDepth_ == 0) armTimer();
}

void Engine::armTimer() noexcept {
    if (timer_ == nullptr) return;
    const std::optional<TimePoint> next = deadlines_.next();
    if (!next) {
        // A timer that nobody waits for must not keep the caller's context from running out of work.
        if (timerArmedFor_ != TimePoint::max()) timer_->cancel();
        timerArmedFor_ = TimePoint::max();
        return;
    }
    if (*next >= timerArmedFor_) return;
    timerArmedFor_ = *next;
    try {
        timer_->start(*next, std::shared_ptr<transport::TimerTarget>(shared_from_this(), this));
    } catch (const std::bad_alloc&) {
        // Without a timer the engine would be deaf to time: it tries again until there is memory.
        timerArmedFor_ = TimePoint::max();
        scheduleSoon();
    }
}

void Engine::onTimer() noexcept {
    const Turn turn(*this);
    const TimePoint moment = now();
    // A deadline that was over from the start is not late.
    const TimePoint due = std::max(std::exchange(timerArmedFor_, TimePoint::max()), TimePoint());
    lateness_ = due == TimePoint() ? Duration::zero() : std::max(moment - due, Duration::zero());
    if (lateness_ >= stoppedFor) runsSince_.store(moment, std::memory_order_relaxed);
    const Whereabouts::Scope place(whereabouts_, Whereabouts::Doing::Timers);
    deadlines_.runExpired(moment);
    lateness_ = Duration::zero();
}

void Engine::armReceive(Group& group, TimePoint when) noexcept {
    if (isReactorThread()) {
        if (!group.receiveDeadline) {
            group.receiveDeadline.emplace(
                [](void* context) noexcept {
                    auto& expiring = *static_cast<Group*>(context);
                    expiring.armedFor.clear();
                    expiring.expireReceive();
                },
                &group);
        }
        // Never later than it is: armedFor has promised the earlier moment to receivers on other threads.
        // When it comes, the deadline of whoever waits then is set.
        if (when < group.receiveDeadline->when()) setDeadline(*group.receiveDeadline, when);
        group.armedFor.bringForward(when);
        return;
    }
    // Whoever waits was registered before this load, and is looked at after the deadline's store of max():
    // one of the two sees the other.
    if (group.armedFor.bringForward(when)) submit(group.arming, group.self());
}

/// What armReceive() promised on another thread; the latest word on it is in armedFor.
void Engine::armReceiveNow(Group& group) noexcept {
    const TimePoint when = group.armedFor.get();
    if (!group.isClosing && when != TimePoint::max()) armReceive(group, when);
}

}  // namespace tempeh::core
