#include "core/engine.hpp"

#include "core/group.hpp"
#include "core/io_channel.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <random>
#include <utility>

namespace tempeh::core {

namespace {

PoolLimits poolLimits(const Options& options) {
    return {.initialMessages = options.initialPoolMessages,
            .maxMessages = options.maxPoolMessages,
            .maxHeapBytesPerMessage = options.maxMessageHeapBytes,
            .maxRetainedHeapBytes = options.maxPoolHeapBytes};
}

std::uint64_t seedOf(const Options& options) {
    if (options.seed != 0) return options.seed;
    std::random_device entropy;
    return std::uint64_t{entropy()} << 32 | entropy();
}

std::optional<WakeChannel::Strand> strandOf(asio::any_io_executor& executor) {
    const auto* strand = executor.target<WakeChannel::Strand>();
    return strand != nullptr ? std::optional(*strand) : std::nullopt;
}

}  // namespace

Engine::Engine(asio::io_context& context, asio::any_io_executor executor, const Options& options,
               Environment environment, bool ownsThread)
    : options_(options)
    , clock_(environment.clock)
    , ownsThread_(ownsThread)
    , log_(options.logger)
    , pool_(MessagePool::create(poolLimits(options)))
    , switchboard_(seedOf(options), options.maxChannels)
    , executor_(std::move(executor))
    , wakeChannel_(context, strandOf(const_cast<asio::any_io_executor&>(executor_)))
    , network_(std::move(environment.network))
    , timer_(network_->makeTimer())
    , readBuffer_(new std::byte[readHeadroom + readBufferSize])
    , scratch_(new std::byte[scratchSize])
    , frameBatch_(std::span<std::byte>(scratch_.get(), scratchSize)) {
    pool_->setListener(this);
    pool_->setOwner(this);
}

Engine::~Engine() {
    pool_->close();
}

bool Engine::wouldBlockReactor() const noexcept {
    if (isReactorThread() || clock_.isVirtual()) return true;  // virtual time stands while a thread waits
    if (ownsThread_) return false;                             // that thread has the token in all it does
    const std::scoped_lock lock(contextMutex_);
    return !contextGone_ && wakeChannel_.runsInThisThread();
}

asio::any_io_executor Engine::executor() const {
    const std::scoped_lock lock(contextMutex_);
    return executor_;
}

std::shared_ptr<Group> Engine::createGroup(error_code& ec) {
    ec.clear();
    const std::scoped_lock lock(groupsMutex_);
    if (groupsClosed_) {
        ec = Status::ShutdownStarted;
        return nullptr;
    }
    groups_.push_back(std::make_shared<Group>(shared_from_this()));
    return groups_.back();
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
    stats.channels = liveChannels_.load(std::memory_order_relaxed);
    const PoolCounters pool = pool_->counters();
    stats.pool = {pool.hits, pool.allocations, pool.misses, pool.highWater, pool.outstanding, pool.free};
    const std::scoped_lock lock(groupsMutex_);
    stats.groups = groups_.size();
    return stats;
}

void Engine::spawn(asio::awaitable<void> coroutine) {
    ++coroutines_;
    asio::co_spawn(executor_, std::move(coroutine),
                   [self = shared_from_this()](const std::exception_ptr& failure) {
                       const Turn turn(*self);
                       --self->coroutines_;
                       if (failure != nullptr)
                           self->log_.error("a channel's coroutine ended with an exception");
                   });
}

// --- Turns ---

void Engine::endTurn() noexcept {
    flushDirty();
    switchboard_.buryRetired();
    armTimer();
}

void Engine::flushDirty() {
    while (!dirty_.empty()) {
        auto& channel = static_cast<IoChannel&>(dirty_.front());
        dirty_.pop_front();
        channel.flush();
    }
}

void Engine::flushLater(IoChannel& channel) {
    asio::post(executor_, [self = shared_from_this(), channel = IoChannelPtr(&channel)] {
        const Turn turn(*self);
        self->markDirty(*channel);
    });
}

void Engine::scheduleFlush() {
    if (flushScheduled_) return;
    flushScheduled_ = true;
    asio::post(executor_, [self = shared_from_this()] {
        self->flushScheduled_ = false;
        const Turn turn(*self);
    });
}

bool Engine::resumeSoon(detail::Waiter& waiter) noexcept {
    if (!isReactorThread() || !waiter.resumesInline()) return false;
    ready_.push_back(waiter);
    if (!std::exchange(isResumingReady_, true)) scheduleReady();
    return true;
}

void Engine::scheduleReady() {
    asio::post(executor_, [self = shared_from_this()] { self->resumeReady(); });
}

/// Coroutines that hand messages to each other run here in turn; after some of them it is the turn of others
/// on this executor.
void Engine::resumeReady() noexcept {
    constexpr int resumedInARow = 256;
    const Turn turn(*this);
    for (int i = 0; i < resumedInARow && !ready_.empty(); ++i) {
        detail::Waiter& waiter = ready_.front();
        ready_.pop_front();
        waiter.resume(true);
    }
    isResumingReady_ = !ready_.empty();
    if (isResumingReady_) scheduleReady();
}

// --- Deadlines ---

void Engine::setDeadline(Deadline& deadline, TimePoint when) {
    if (deadlines_.set(deadline, when) && turnDepth_ == 0) armTimer();
}

void Engine::armTimer() {
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
    timer_->start(*next, std::shared_ptr<transport::TimerTarget>(shared_from_this(), this));
}

void Engine::onTimer() noexcept {
    const Turn turn(*this);
    timerArmedFor_ = TimePoint::max();
    deadlines_.runExpired(now());
}

void Engine::armReceive(Group& group, TimePoint when) {
    if (isReactorThread()) {
        if (!group.receiveDeadline) {
            group.receiveDeadline.emplace(
                [](void* context) noexcept {
                    auto& expiring = *static_cast<Group*>(context);
                    expiring.armedFor.store(TimePoint::max());
                    expiring.expireReceive();
                },
                &group);
        }
        // Never later than it is: armedFor has promised the earlier moment to receivers on other threads.
        // When it comes, the deadline of whoever waits then is set.
        if (when < group.receiveDeadline->when()) setDeadline(*group.receiveDeadline, when);
        if (when < group.armedFor.load(std::memory_order_relaxed)) group.armedFor.store(when);
        return;
    }
    // Whoever waits was registered before this load, and is looked at after the deadline's store of max():
    // one of the two sees the other.
    if (group.armedFor.load() <= when) return;
    group.armedFor.store(when);
    defer([this, self = group.self(), when] {
        if (!self->isClosing) armReceive(*self, when);
    });
}

}  // namespace tempeh::core
