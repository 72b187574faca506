#include "core/engine/engine.hpp"

#include "base/entropy.hpp"
#include "core/channel/io_channel.hpp"
#include "core/group/group.hpp"
#include "core/group/obligation.hpp"

#include <algorithm>
#include <utility>

namespace tempeh::core {

namespace {

PoolLimits poolLimits(const Options& options) {
    return {.initialMessages = options.initialPoolMessages,
            .maxMessages = options.maxPoolMessages,
            .maxHeapBytesPerMessage = options.maxMessageHeapBytes,
            .maxRetainedHeapBytes = options.maxPoolHeapBytes};
}

}  // namespace

Engine::Engine(asio::io_context& context, asio::any_io_executor executor, const Options& options,
               Environment environment, bool ownsThread)
    : options_(options)
    , clock_(environment.clock)
    , ownsThread_(ownsThread)
    , log_(options.logger)
    , pool_(MessagePool::create(poolLimits(options)))
    , context_(context, std::move(executor))
    , channelTable_(options.seed != 0 ? options.seed : base::entropySeed(), options.maxChannels)
    , inbound_(*pool_, options.maxPoolMessages)
    , turns_(*this, context, context_.executorHere())
    , network_(std::move(environment.network))
    , timer_(network_->makeTimer(), clock_) {
    pool_->setListener(this);
    pool_->setOwner(this);
}

Engine::~Engine() {
    pool_.reset();  // first: afterwards it calls no listener
}

bool Engine::wouldBlockReactor() const noexcept {
    if (isReactorThread() || clock_.isVirtual()) return true;  // virtual time stops while a thread waits
    if (ownsThread_) return false;  // everything on that thread runs with the token set
    return context_.runsInThisThread();
}

std::shared_ptr<Group> Engine::createGroup(error_code& ec) noexcept {
    ec.clear();
    Status status = Status::Success;
    std::shared_ptr<Group> group = groups_.create(shared_from_this(), status);
    if (status != Status::Success) ec = status;
    return group;
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
    stats.keptInputBytes = inbound_.keptInput().load(std::memory_order_relaxed);
    stats.channels = life_.liveChannels();
    stats.pool = poolStats();
    stats.groups = groups_.size();
    return stats;
}

PoolStats Engine::poolStats() const {
    const PoolCounters pool = pool_->counters();
    return {pool.hits, pool.allocations,        pool.misses, pool.highWater, pool.outstanding,
            pool.free, options_.maxPoolMessages};
}

// --- Waking the reactor thread ---

bool Engine::submit(Task& task, std::shared_ptr<void> keepAlive) noexcept {
    // If the task is already queued, this may be the last reference: it must not go before the lock is
    // released.
    const std::shared_ptr<void> outlivesTheLock = keepAlive;
    const ContextUse::Hold context = context_.hold();
    if (!context || keepAlive == nullptr) return false;
    if (submitQueue_.enlist(task, std::move(keepAlive))) sendWake();
    return true;
}

void Engine::wake() noexcept {
    counters_.reactorWakes.add();
    if (const ContextUse::Hold context = context_.hold(); context) sendWake();
}

/// Requires that the caller holds the context.
void Engine::sendWake() noexcept {
    // The thread that destroys the engine may get here through objects it releases; there is nothing left to
    // do.
    std::shared_ptr<Engine> self = weak_from_this().lock();
    if (self == nullptr) return;
    context_.post([self = std::move(self)] {
        const Turn turn(*self);
        self->posting_.onWake();
    });
}

std::shared_ptr<Turns::Owner> Engine::holdOwner() noexcept {
    return {shared_from_this(), this};
}

void Engine::onSoon() noexcept {
    const Turn turn(*this);
    turns_.runSoon();
}

void Engine::onTurnEnd() noexcept {
    submitQueue_.buryRetired();
    armTimer();
}

bool Engine::resumeSoon(detail::Waiter& waiter) noexcept {
    if (!isReactorThread() || !waiter.resumesInline()) return false;
    turns_.resumeSoon(waiter);
    return true;
}

void Engine::armTimer() noexcept {
    const bool isArmed =
        timer_.arm([this] { return std::shared_ptr<transport::TimerTarget>(shared_from_this(), this); });
    if (!isArmed) turns_.scheduleSoon();
}

void Engine::onTimer() noexcept {
    const Turn turn(*this);
    const Whereabouts::Scope place(turns_.whereabouts(), Whereabouts::Doing::Timers);
    timer_.runExpired();
}

void Engine::releaseContext() noexcept {
    writableWaits_.refuseArriving();
    turns_.release();
    writableWaits_.resumeAgain();
    timer_.release();
    network_.reset();
    context_.forget();
}

// --- Messages that the application holds ---

std::shared_ptr<PoolListener> Engine::hold() noexcept {
    const std::shared_ptr<Engine> self = weak_from_this().lock();
    return self != nullptr ? std::shared_ptr<PoolListener>(self, this) : nullptr;
}

void Engine::onObligationDropped(std::uint64_t raw) noexcept {
    const Obligation obligation(raw);
    if (obligation.kind() == Obligation::Kind::AnswerBye) {
        if (submitQueue_.requestByeResponse(obligation.channel(), obligation.generation())) wake();
    } else if (obligation.kind() == Obligation::Kind::CloseNotice) {
        // The notice was dropped unread, with its group.
        while (!onCloseNotice(raw).empty()) {
        }
    }
}

MessageQueue Engine::onCloseNotice(std::uint64_t raw) noexcept {
    const Obligation obligation(raw);
    return submitQueue_.takeLateOrRetire(obligation.channel(), obligation.generation());
}

// --- Groups and channels ---

void Engine::setReadMode(Group& group, ChannelNumber number, ReadMode mode, error_code& ec) noexcept {
    ec.clear();
    const ChannelPtr channel = channelTable_.find(number);
    const Status status = SubmitQueue::checkConnection(channel.get(), group.channels);
    if (status != Status::Success) {
        ec = status;
    } else if (!isReactorThread()) {
        if (submitQueue_.requestReadMode(*channel, mode)) wake();
    } else if (!channel->submissions.hasEnded()) {
        submitQueue_.noteReadMode(*channel, mode);
        channel->connection()->setReadMode(mode);
    }
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
        // Never moves the deadline later: armedFor has promised the earlier time to receivers on other
        // threads. When it fires, the deadline is set for the receivers that wait then.
        if (when < group.receiveDeadline->when()) setDeadline(*group.receiveDeadline, when);
        group.armedFor.bringForward(when);
        return;
    }
    // The receiver was registered before this load, and the deadline stores max() before it checks the
    // receivers: one of the two sees the other.
    if (group.armedFor.bringForward(when)) submit(group.arming, group.self());
}

/// Carries out what armReceive() promised on another thread; armedFor holds the latest time.
void Engine::armReceiveNow(Group& group) noexcept {
    const TimePoint when = group.armedFor.get();
    if (!group.isClosing && when != TimePoint::max()) armReceive(group, when);
}

}  // namespace tempeh::core
