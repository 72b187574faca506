#pragma once

#include "base/handler_memory.hpp"
#include "flows/hub/hub_lock.hpp"
#include "flows/hub/time_source.hpp"
#include "flows/hub/wait.hpp"
#include "flows/hub/warning_log.hpp"

#include <tempeh/core/ampe.hpp>
#include <tempeh/core/channel_group.hpp>

#include <boost/intrusive/set.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tempeh::flows::detail {

class Hub;

/// A share in the use of a hub. When the last share is gone, the hub ends and closes its group.
using HubPtr = std::shared_ptr<Hub>;

/// Receives the messages of one channel, from the hub's loop.
class Route {
public:
    /// Takes the message, or leaves it to be dropped.
    virtual void onMessage(MessagePtr& message, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked) = 0;
    /// The hub ended before the channel's ChannelClosed came.
    virtual void onHubEnd(const error_code& reason, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked) = 0;
    /// The engine's pool is empty.
    virtual void onPoolEmpty() noexcept TEMPEH_REQUIRES(hubLocked) {}

protected:
    ~Route() = default;
};

/// Receives the HelloRequests of a hub's listeners.
class Acceptor {
public:
    virtual ~Acceptor() = default;
    /// Called on the loop; nothing else of that channel is routed meanwhile.
    virtual void onHello(MessagePtr hello) noexcept TEMPEH_EXCLUDES(hubLocked) = 0;
    /// The hub ended.
    virtual void onHubEnd(WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked) = 0;
};

/// One ChannelGroup with one receive loop and any number of channels. It routes each message to what waits
/// for it. One lock guards what coroutines and threads share, and is never held while code of the
/// application's runs. Deadlines are ordered, and the timeout of the loop's one waitReceive serves all of
/// them, so an operation with a timeout arms no timer of its own.
class Hub final : public tempeh::detail::ContextDependent, public std::enable_shared_from_this<Hub> {
public:
    /// A new group of the engine, with its loop running on the engine's executor. Errors as createGroup().
    static HubPtr create(Ampe& engine);

    explicit Hub(Ampe& engine);
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;

    /// The engine must still exist.
    Ampe& engine() const noexcept { return engine_; }
    /// A message from the engine's pool. Throws as Ampe::get().
    MessagePtr newMessage(OpCode opCode) const;
    MessagePtr newMessage(OpCode opCode, std::string_view body) const;
    ChannelGroup& group() noexcept { return group_; }
    const TimeSource& time() const noexcept { return time_; }
    WarningLog& warnings() noexcept { return warnings_; }
    /// False where blocking would stop the engine that the caller waits for.
    bool mayBlock() const;
    MessageId nextId() noexcept { return nextId_.fetch_add(1, std::memory_order_relaxed); }
    /// Whether nextId() returned it.
    bool hasGiven(MessageId id) const noexcept {
        return id >= firstId_ && id < nextId_.load(std::memory_order_relaxed);
    }

    // --- Waiting. Any thread ---

    /// Begins the wait. `sleeper` is woken when the wait is over, never inside this call on this thread's own
    /// stack. `deadline`: max() for none, min() not to wait. `stopReason` ends the wait at once with that
    /// error.
    void begin(Wait& wait, Sleeper& sleeper, TimePoint deadline, const error_code& stopReason = {}) noexcept
        TEMPEH_EXCLUDES(hubLocked);
    /// Ends it as cancelled, unless it is settled.
    void cancel(Wait& wait) noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Ends it as timed out. False: it was woken already, and its sleeper was told or is about to be.
    bool expire(Wait& wait) noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Called by the woken sleeper: takes the outcome.
    void settle(Wait& wait) noexcept TEMPEH_EXCLUDES(hubLocked);
    /// The sleeper is gone: as cancelled and settled.
    void abandon(Wait& wait) noexcept TEMPEH_EXCLUDES(hubLocked);
    /// The wait is over. Does nothing if it does not wait.
    void wake(Wait& wait, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    void wakeAll(WaitList& waits, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    /// There was no memory to tell a woken sleeper; the loop tells it soon. False: the loop has ended.
    bool wakeLater(Wait& wait) noexcept TEMPEH_EXCLUDES(hubLocked);

    // --- Routing ---

    /// A place for a route. With a slot and after reserveRoute(), adding cannot fail, as it must not after a
    /// post.
    using RouteSlot = std::unordered_map<ChannelNumber, Route*>::node_type;
    /// Throws std::bad_alloc.
    static RouteSlot makeSlot(Route& route);
    void reserveRoute() TEMPEH_REQUIRES(hubLocked) { routes_.reserve(routes_.size() + 1); }
    void addRoute(ChannelNumber channel, RouteSlot slot) noexcept TEMPEH_REQUIRES(hubLocked);
    void removeRoute(ChannelNumber channel) noexcept TEMPEH_REQUIRES(hubLocked) { routes_.erase(channel); }
    /// Tells every route, and remembers the shortage while it lasts.
    void notePoolEmpty() noexcept TEMPEH_REQUIRES(hubLocked);
    bool isPoolShort() const noexcept TEMPEH_REQUIRES(hubLocked) { return isPoolShort_; }
    std::size_t poolSize() const noexcept { return poolSize_; }
    /// Updates the number of messages that wait at all routes: one route had `before` and has `now`.
    void countWaiting(std::size_t before, std::size_t now) noexcept TEMPEH_REQUIRES(hubLocked) {
        waiting_ += now - before;
    }
    /// How many messages may wait at one route: a quarter of what the others leave of the pool. So there is
    /// always something left, however many routes take their share.
    std::size_t shareOfPool() const noexcept TEMPEH_REQUIRES(hubLocked) {
        const std::size_t left = poolSize_ > waiting_ ? poolSize_ - waiting_ : 0;
        return std::max(left / 4, leastShare);
    }
    /// Closes the channel that said hello, without an answer.
    void closeUnanswered(MessagePtr hello) noexcept;
    void setAcceptor(std::weak_ptr<Acceptor> acceptor) noexcept TEMPEH_REQUIRES(hubLocked) {
        acceptor_ = std::move(acceptor);
    }
    bool hasEnded() const noexcept TEMPEH_REQUIRES(hubLocked) { return hasEnded_; }
    const error_code& endReason() const noexcept TEMPEH_REQUIRES(hubLocked) { return endReason_; }

private:
    friend class HubLock;
    friend class SleepWait;
    class LoopGuard;
    using LoopMemory = base::HandlerMemoryOf<384>;
    static constexpr std::size_t leastShare = 8;
    struct DeadlineOf {
        using type = TimePoint;
        const type& operator()(const Wait& wait) const noexcept TEMPEH_REQUIRES(hubLocked) {
            return wait.deadline();
        }
    };
    using Deadlines = boost::intrusive::multiset<Wait, boost::intrusive::base_hook<DeadlineHook>,
                                                 boost::intrusive::key_of_value<DeadlineOf>,
                                                 boost::intrusive::constant_time_size<false>>;

    using SleeperList = boost::intrusive::list<Sleeper, boost::intrusive::constant_time_size<false>>;

    static asio::awaitable<void> run(LoopGuard guard);
    /// Wakes the waits whose deadline has passed, and sets how long the loop may sleep. False: the loop must
    /// end.
    bool prepareToWait(Duration& timeout) noexcept TEMPEH_EXCLUDES(hubLocked);
    auto nextMessage(Duration timeout);
    void route(MessagePtr message) noexcept TEMPEH_EXCLUDES(hubLocked);
    void routeHello(MessagePtr hello) noexcept TEMPEH_EXCLUDES(hubLocked);
    void noteRecovery() noexcept TEMPEH_REQUIRES(hubLocked);
    void leave() noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Makes the loop look at its deadlines again.
    void nudge() noexcept TEMPEH_REQUIRES(hubLocked);
    void end(const error_code& reason) noexcept TEMPEH_EXCLUDES(hubLocked);
    void forgetRoutes(WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    /// Call it before a wait begins. False: the sleeper's context is not watched yet.
    bool prepare(Wait& wait, Sleeper& sleeper) noexcept TEMPEH_REQUIRES(hubLocked);
    /// Watches a context, so that onContextGone() finds its sleepers. Null: there is no memory for that.
    std::shared_ptr<ContextLife> watch(asio::execution_context& context) noexcept TEMPEH_EXCLUDES(hubLocked);
    bool findLife(Sleeper& sleeper) const noexcept TEMPEH_REQUIRES(hubLocked);
    void keepLife(Sleeper& sleeper, std::shared_ptr<ContextLife> life) noexcept TEMPEH_REQUIRES(hubLocked);
    void setWoken(Wait& wait) noexcept TEMPEH_REQUIRES(hubLocked);
    /// Sets how to tell the sleeper. `byLoop`: the hub's loop does it.
    static void prepareToTell(Wait& wait, bool byLoop) noexcept TEMPEH_REQUIRES(hubLocked);
    void onContextGone(const ContextLife& life) noexcept override;
    void unlinkDeadline(Wait& wait) noexcept TEMPEH_REQUIRES(hubLocked) {
        if (wait.is_linked()) deadlines_.erase(deadlines_.iterator_to(wait));
    }

    Ampe& engine_;
    const MessageId firstId_;
    std::atomic<MessageId> nextId_;
    ChannelGroup group_;
    const TimeSource time_;
    WarningLog warnings_;
    asio::any_io_executor loopExecutor_ TEMPEH_GUARDED_BY(hubLocked);  // the loop's; empty once it has ended
    LoopMemory loopMemory_;  // for the loop's one wait: lack of memory must not end the loop

    std::mutex mutex_;  // for HubLock; everything else says `hubLocked`
    std::unordered_map<ChannelNumber, Route*> routes_ TEMPEH_GUARDED_BY(hubLocked);
    std::weak_ptr<Acceptor> acceptor_ TEMPEH_GUARDED_BY(hubLocked);
    Deadlines deadlines_ TEMPEH_GUARDED_BY(hubLocked);
    WaitList sleeps_ TEMPEH_GUARDED_BY(hubLocked);
    const std::size_t poolSize_;
    std::size_t waiting_ TEMPEH_GUARDED_BY(hubLocked) = 0;
    bool isPoolShort_ TEMPEH_GUARDED_BY(hubLocked) = false;
    SleeperList sleepers_ TEMPEH_GUARDED_BY(hubLocked);  // all that wait
    std::vector<std::shared_ptr<ContextLife>> lives_
        TEMPEH_GUARDED_BY(hubLocked);                // of the contexts that they wait on
    MessagePtr nudge_ TEMPEH_GUARDED_BY(hubLocked);  // null: on its way through the mailbox
    /// When the loop wakes by itself. It does not move back when its deadline goes away: with consecutive
    /// requests the next deadline is later anyway, and one needless look is cheaper than a nudge for each.
    TimePoint armedFor_ TEMPEH_GUARDED_BY(hubLocked) = TimePoint::max();
    WokenList untold_ TEMPEH_GUARDED_BY(hubLocked);  // sleepers that there was no memory to tell
    TimePoint tellAt_ TEMPEH_GUARDED_BY(hubLocked) = TimePoint::max();
    bool loopSleeps_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool isLeft_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool hasEnded_ TEMPEH_GUARDED_BY(hubLocked) = false;
    error_code endReason_ TEMPEH_GUARDED_BY(hubLocked);
};

inline HubLock::HubLock(Hub& hub) noexcept : mutex_(hub.mutex_) {
    mutex_.lock();
}

/// Waits for the hub's end. Any number may wait.
class SleepWait : public ListedWait {
public:
    explicit SleepWait(Hub& hub) noexcept : hub_(hub) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked);
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked);

protected:
    Hub& hub_;
};

/// Waits `duration` of the engine's time, or until the hub ends. Cancellation: operation_aborted.
asio::awaitable<void> sleepFor(HubPtr hub, Duration duration);

}  // namespace tempeh::flows::detail
