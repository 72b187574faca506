// The life of a hub: its loop, from the first message to the end of its last user or of the engine.

#include "base/run_sources.hpp"
#include "flows/hub/hub.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <map>
#include <new>

namespace tempeh::flows::detail {

namespace {

/// Messages routed between two looks at the deadlines.
constexpr int messagesPerLook = 256;

/// Ids of flows differ from those that the engine assigns (sequential from 1) and from other hubs' ids. They
/// are on the wire, so a simulation has a count of its own.
MessageId firstIdOfNextHub() noexcept {
    static constinit std::atomic<MessageId> hubs{1};
    base::RunSources* const own = base::RunSources::ofThisThread();
    const MessageId number = own != nullptr ? ++own->lastHub : hubs.fetch_add(1, std::memory_order_relaxed);
    return number << 32U | 1U;
}

/// An engine that does not report a limit has enough.
std::size_t sizeOf(const PoolStats& pool) noexcept {
    return pool.limit != 0 ? static_cast<std::size_t>(pool.limit)
                           : std::numeric_limits<std::size_t>::max() / 2;
}

}  // namespace

/// Ends the hub when its loop ends, however it does: even if the context is destroyed before it or under it.
class Hub::LoopGuard {
public:
    explicit LoopGuard(std::shared_ptr<Hub> hub) noexcept : hub_(std::move(hub)) {}
    LoopGuard(LoopGuard&&) noexcept = default;
    LoopGuard& operator=(LoopGuard&&) = delete;
    ~LoopGuard() {
        if (hub_ != nullptr) hub_->end(reason);
    }
    Hub& hub() const noexcept { return *hub_; }

    error_code reason = Status::ShutdownStarted;

private:
    std::shared_ptr<Hub> hub_;
};

HubPtr Hub::create(Ampe& engine) {
    const auto hub = std::make_shared<Hub>(engine);
    HubPtr use(hub.get(), [hub](Hub* self) { self->leave(); });
    asio::co_spawn(hub->group_.executor(), run(LoopGuard(hub)), asio::detached);
    return use;
}

Hub::Hub(Ampe& engine)
    : engine_(engine)
    , firstId_(firstIdOfNextHub())
    , nextId_(firstId_)
    , group_(engine.createGroup())
    , time_(group_)
    , warnings_(group_)
    , loopExecutor_(group_.executor())
    , poolSize_(sizeOf(group_.stats().pool))
    , nudge_(new Message()) {}

/// In the hub's own memory, because lack of memory must not end the loop. Deferred, because an awaitable
/// would take one of the two frames that Asio keeps for reuse, and the coroutines that wait here need them
/// more.
auto Hub::nextMessage(Duration timeout) {
    return asio::async_initiate<const asio::deferred_t&, void(error_code, MessagePtr)>(
        [this, timeout](auto&& handler) {
            const base::HandlerAllocator<void, LoopMemory*> memory(&loopMemory_);
            group_.waitReceive(timeout,
                               asio::bind_allocator(memory, std::forward<decltype(handler)>(handler)));
        },
        asio::deferred);
}

asio::awaitable<void> Hub::run(LoopGuard guard) {
    Hub& hub = guard.hub();
    Duration timeout = infinite;
    try {
        while (hub.prepareToWait(timeout)) {
            auto waiting = hub.nextMessage(timeout);
            MessagePtr message = co_await std::move(waiting);
            for (int i = 0; message != nullptr && i < messagesPerLook; ++i) {
                hub.route(std::move(message));
                error_code ec;
                message = hub.group_.tryReceive(ec);  // waitReceive reports the end too
            }
            if (message != nullptr) hub.route(std::move(message));
        }
    } catch (const boost::system::system_error& error) {
        guard.reason = error.code();
    }
}

bool Hub::prepareToWait(Duration& timeout) noexcept {
    ChannelGroup closing;  // destroyed after the lock is released
    for (;;) {
        WokenList woken(true);
        {
            const HubLock lock(*this);
            loopSleeps_ = false;
            if (isLeft_) {
                closing = std::move(group_);  // the last user is gone: nothing else looks at it
                return false;
            }
            if (isPoolShort_) noteRecovery();
            timeout = infinite;
            if (!deadlines_.empty() || armedFor_ != TimePoint::max()) {
                const TimePoint now = time_.now();
                while (!deadlines_.empty() && deadlines_.begin()->deadline() <= now) {
                    deadlines_.begin()->isExpired_ = true;
                    wake(*deadlines_.begin(), woken);
                }
                if (tellAt_ <= now) {
                    tellAt_ = TimePoint::max();
                    woken.append(untold_);
                }
                if (armedFor_ <= now) armedFor_ = tellAt_;
                if (!deadlines_.empty()) armedFor_ = std::min(armedFor_, deadlines_.begin()->deadline());
                if (armedFor_ != TimePoint::max()) timeout = armedFor_ - now;
            }
            loopSleeps_ = woken.empty();
            if (loopSleeps_) return true;
        }
        woken.wakeAll(true);  // what runs now may set earlier deadlines
    }
}

Hub::RouteSlot Hub::makeSlot(Route& route) {
    std::unordered_map<ChannelNumber, Route*> one;
    return one.extract(one.emplace(0, &route).first);
}

void Hub::addRoute(ChannelNumber channel, RouteSlot slot) noexcept {
    routes_.erase(channel);
    slot.key() = channel;
    routes_.insert(std::move(slot));
}

void Hub::route(MessagePtr message) noexcept {
    if (message->header.opCode == OpCode::HelloRequest && message->isFromApplication())
        return routeHello(std::move(message));
    WokenList woken(true);
    {
        const HubLock lock(*this);
        loopSleeps_ = false;
        if (message->header.channelNumber == 0) {  // only our own updateReceiver has none
            if (message->status() == Status::ReceiverUpdate && nudge_ == nullptr) nudge_ = std::move(message);
        } else if (const auto found = routes_.find(message->header.channelNumber); found != routes_.end()) {
            found->second->onMessage(message, woken);
        }
    }
    woken.wakeAll(true);
}

void Hub::routeHello(MessagePtr hello) noexcept {
    std::shared_ptr<Acceptor> acceptor;
    {
        const HubLock lock(*this);
        acceptor = acceptor_.lock();
    }
    if (acceptor != nullptr) return acceptor->onHello(std::move(hello));
    closeUnanswered(std::move(hello));
}

void Hub::closeUnanswered(MessagePtr hello) noexcept {
    hello->header.opCode = OpCode::ByeSignal;
    error_code ec;
    group_.post(std::move(hello), ec);
}

void Hub::notePoolEmpty() noexcept {
    isPoolShort_ = true;
    for (const auto& [channel, route] : routes_)
        route->onPoolEmpty();
}

/// As the engine does: once half of the pool is back, the next shortage is told anew.
void Hub::noteRecovery() noexcept {
    const PoolStats pool = group_.stats().pool;
    isPoolShort_ = pool.outstanding * 2 > pool.limit;
}

void Hub::leave() noexcept {
    const HubLock lock(*this);
    isLeft_ = true;
    nudge();
}

void Hub::nudge() noexcept {
    if (nudge_ == nullptr || hasEnded_) return;
    nudge_->reset();
    nudge_->header.opCode = OpCode::Signal;
    error_code ec;  // the group has ended, and the loop with it
    group_.updateReceiver(std::move(nudge_), ec);
}

/// In the order of their numbers, not of the hash table, so that waits are woken in that order.
void Hub::forgetRoutes(WokenList& woken) noexcept {
    const auto routes = std::move(routes_);
    routes_.clear();
    try {
        const std::map<ChannelNumber, Route*> inOrder(routes.begin(), routes.end());
        for (const auto& [channel, route] : inOrder)
            route->onHubEnd(endReason_, woken);
    } catch (const std::bad_alloc&) {
        for (const auto& [channel, route] : routes)
            route->onHubEnd(endReason_, woken);
    }
}

void Hub::end(const error_code& reason) noexcept {
    WokenList woken;
    std::shared_ptr<Acceptor> acceptor;  // not released under the lock
    {
        const HubLock lock(*this);
        hasEnded_ = true;
        endReason_ = reason;
        loopExecutor_ = {};  // must not outlive its context
        forgetRoutes(woken);
        wakeAll(sleeps_, woken);
        woken.append(untold_);
        acceptor = acceptor_.lock();
        if (acceptor != nullptr) acceptor->onHubEnd(woken);
    }
    woken.wakeAll(false);
}

}  // namespace tempeh::flows::detail
