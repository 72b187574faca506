// The link's own coroutine. What its users call is in reconnecting_peer.cpp.

#include "flows/link/reconnect_core.hpp"

#include "flows/hub/suspension.hpp"
#include "flows/link/reconnect_waits.hpp"
#include "flows/options_check.hpp"
#include "flows/peer/error_detail.hpp"
#include "flows/peer/message_copy.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/peer/peer_operations.hpp"

#include <tempeh/core/detail/until_there_is_memory.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

namespace tempeh::flows::detail {

namespace {

ConnectOptions connectOptionsOf(const ReconnectOptions& options) {
    return {.headers = options.headers, .body = options.body, .retryRefused = options.retryRefused};
}

/// News for the receiver. Not from the pool, which traffic may have emptied.
MessagePtr makeNotice(OpCode opCode, ChannelNumber channel) {
    MessagePtr notice(new Message());
    notice->header.opCode = opCode;
    notice->header.channelNumber = channel;
    return notice;
}

/// Removes the last "lost" and "connected" if they are the last two of all, because the next "lost" replaces
/// them. Otherwise a link whose owner never receives would collect news without limit.
MessageQueue withoutStaleNews(MessageQueue messages) noexcept {
    MessageQueue kept;
    MessageQueue last;  // a "lost", and perhaps the "connected" behind it
    while (MessagePtr message = messages.popFront()) {
        const bool isConnected = message->header.opCode == OpCode::HelloResponse;
        if (!isConnected || last.size() != 1) kept.append(last);
        if (message->isChannelClosed() || (isConnected && !last.empty()))
            last.pushBack(std::move(message));
        else
            kept.pushBack(std::move(message));
    }
    if (last.size() == 1) kept.append(last);
    return kept;
}

/// Whether a message that came back unsent means the same on another connection.
bool mayGoToAnother(const Message& message) noexcept {
    return message.header.opCode == OpCode::Signal && !message.hasMore();
}

}  // namespace

ReconnectPtr ReconnectCore::start(Ampe& engine, std::span<const Address> addresses,
                                  const ReconnectOptions& options) {
    check(options);
    HelloTemplate hello(addresses, connectOptionsOf(options));
    hello.setHook(options.prepareHello);
    const auto core = std::make_shared<ReconnectCore>(Hub::create(engine), std::move(hello), options);
    ReconnectPtr use(core.get(), [core](ReconnectCore* self) { self->stop(); });
    asio::co_spawn(core->hub_->group().executor(), run(Running(core)), asio::detached);
    return use;
}

ReconnectCore::ReconnectCore(HubPtr hub, HelloTemplate hello, const ReconnectOptions& options)
    : hub_(std::move(hub))
    , hello_(std::move(hello))
    , connecting_{.retryRefused = options.retryRefused}
    , attemptTimeout_(options.attemptTimeout)
    , sendsAgain_(options.unanswered == Unanswered::SendAgain)
    , maxResends_(options.maxResends)
    , keys_(options.idempotencyKeys ? std::to_string(hub_->engine().randomSeed()) + '-' : std::string())
    , heartbeat_(options.heartbeat)
    , breaker_(options.breaker != nullptr ? std::optional(*options.breaker) : std::nullopt)
    , failover_(options.failover)
    , delay_(options.backoff, hub_->engine())
    , endpoints_(hello_.endpoints(), options.order, hub_->engine().randomSeed())
    , budget_(options.retryBudget.tokens, options.retryBudget.perAnswer) {}

ReconnectCore::~ReconnectCore() = default;

asio::awaitable<void> ReconnectCore::run(Running running) {
    ReconnectCore& self = running.core();
    try {
        while (!self.isStopping()) {
            auto establishing =
                asio::co_spawn(self.hub_->group().executor(), self.establish(),
                               asio::bind_cancellation_slot(self.stopAttempts_.slot(), asio::use_awaitable));
            const PeerPtr peer = co_await std::move(establishing);
            const std::optional<Heartbeat> heartbeat = self.watch(peer);
            auto sending =
                asio::co_spawn(self.hub_->group().executor(), self.sendUnsent(peer),
                               asio::bind_cancellation_slot(self.stopAttempts_.slot(), asio::use_awaitable));
            co_await std::move(sending);
            self.setConnected(peer);
            const TimePoint connected = self.hub_->time().now();
            co_await self.passOn(peer);
            self.delay_.noteLasted(self.hub_->time().now() - connected);
            self.setLost(*peer);
            self.endpoints_.onLost(self.failover_);
            if (self.isStopping()) break;
            auto resting =
                asio::co_spawn(self.hub_->group().executor(), sleepFor(self.hub_, self.delay_.next()),
                               asio::bind_cancellation_slot(self.stopAttempts_.slot(), asio::use_awaitable));
            co_await std::move(resting);
        }
    } catch (const Refused& refused) {
        self.setRefused(refused);
    } catch (const boost::system::system_error& error) {
        self.setEnd(error.code(), detailOf(error));
    } catch (const std::exception& error) {
        self.setEnd(make_error_code(Status::ProcessingFailed), error.what());
    }
}

/// Tries until there is a connection. Throws what makes further attempts pointless.
asio::awaitable<PeerPtr> ReconnectCore::establish() {
    for (;;) {
        PeerPtr peer = co_await attempt();
        if (peer != nullptr) co_return peer;
        {
            const HubLock lock(*hub_);
            ++counts_.failedAttempts;
            if (isStopping_) throw Error(Status::ChannelClosed);
        }
        if (endpoints_.onFailed()) co_await sleepFor(hub_, delay_.next());
    }
}

asio::awaitable<PeerPtr> ReconnectCore::attempt() {
    const TimePoint deadline = hub_->time().after(attemptTimeout_);
    PeerPtr peer;
    try {
        peer = co_await tryConnect(hub_, hello_, endpoints_.current(), deadline);
    } catch (const Error& error) {
        if (error.code() != asio::error::operation_aborted) noteFailure(failureOf(error));
        if (!isWorthRetrying(error, connecting_)) throw;
        if (error.status() == Status::ProcessingFailed)
            hub_->warnings().write(Warning::HelloHookThrew, error.what());
    }
    co_return peer;
}

void ReconnectCore::noteFailure(std::string failure) {
    const HubLock lock(*hub_);
    counts_.lastFailure = std::move(failure);
}

std::optional<Heartbeat> ReconnectCore::watch(const PeerPtr& peer) const {
    std::optional<Heartbeat> heartbeat;
    if (heartbeat_.interval > Duration::zero() || heartbeat_.silence > Duration::zero())
        heartbeat.emplace(PeerAccess::make(peer), heartbeat_);
    return heartbeat;
}

asio::awaitable<void> ReconnectCore::sendUnsent(PeerPtr peer) {
    {
        const HubLock lock(*hub_);
        peer->keepsReturned = true;
    }
    while (MessagePtr message = unsent_.popFront()) {
        bool isSent = false;
        try {
            isSent = co_await postInTime(*peer, message, TimePoint::max());
        } catch (const boost::system::system_error&) {
            isSent = false;  // lost again, or closed while it waited for room
        }
        if (!isSent) {
            unsent_.pushFront(std::move(message));
            co_return;
        }
        const HubLock lock(*hub_);
        ++counts_.sentAgain;
    }
}

void ReconnectCore::setConnected(const PeerPtr& peer) {
    MessagePtr notice = makeNotice(OpCode::HelloResponse, peer->channel());
    if (peer->hello() != nullptr) copyMessage(*peer->hello(), *notice);
    notice->header.channelNumber = peer->channel();
    WokenList woken(true);
    {
        const HubLock lock(*hub_);
        ++counts_.connects;
        state_ = LinkState::Connected;
        peer_ = peer;
        inbox.add(std::move(notice), *hub_, woken);
        hub_->wakeAll(waiters_, woken);
    }
    woken.wakeAll(true);
    if (isStopping()) peer->abort();  // was asked to while this was connecting
}

asio::awaitable<void> ReconnectCore::passOn(PeerPtr peer) {
    const Redirection redirection(*peer, inbox);
    EndOfChannel wait(*peer);
    Suspension suspension(*hub_, wait, co_await asio::this_coro::executor);
    auto ended = suspension.until(TimePoint::max());
    co_await std::move(ended);
    if (wait.ec) throw peer->errorFor(wait.ec);
}

void ReconnectCore::setLost(PeerState& peer) {
    MessagePtr notice = makeNotice(OpCode::Signal, peer.channel());
    notice->header.origin = Origin::Engine;
    notice->header.status = static_cast<std::uint8_t>(Status::ChannelClosed);
    std::string reason = peer.endReason();
    std::string server = peer.endPeer();
    notice->textHeaders.append(wire::reasonHeader, reason);
    notice->textHeaders.append(wire::peerHeader, server);
    std::string failure = placeAndCause(server, reason);
    WokenList woken(true);
    PeerPtr lost;
    MessageQueue again;
    {
        const HubLock lock(*hub_);
        lost = std::move(peer_);
        state_ = LinkState::Connecting;
        if (!isStopping_) {
            ++counts_.losses;
            counts_.lastFailure = std::move(failure);
        }
        while (MessagePtr message = peer.returned.popFront()) {
            if (mayGoToAnother(*message))
                again.pushBack(std::move(message));
            else
                inbox.add(std::move(message), *hub_, woken);
        }
        inbox.putBack(withoutStaleNews(inbox.takeAll()));
        inbox.add(std::move(notice), *hub_, woken);
    }
    again.append(unsent_);  // messages not sent again yet go behind those that had been sent
    unsent_ = std::move(again);
    woken.wakeAll(true);
}

void ReconnectCore::stop() noexcept {
    setStopping();
    const PeerPtr peer = current();
    if (peer != nullptr) {
        try {
            peer->sayBye(nullptr);
        } catch (...) {
            peer->abort();
        }
    }
    cancelAttempts();
}

void ReconnectCore::abort() noexcept {
    setStopping();
    if (const PeerPtr peer = current()) peer->abort();
    cancelAttempts();
}

void ReconnectCore::cancelAttempts() noexcept {
    // Or the link would try for ever.
    tempeh::detail::untilThereIsMemory([this] {
        asio::post(hub_->group().executor(), [self = shared_from_this()] {
            self->stopAttempts_.emit(asio::cancellation_type::terminal);
        });
    });
}

void ReconnectCore::setStopping() noexcept {
    const HubLock lock(*hub_);
    markStopping();
}

void ReconnectCore::markStopping() noexcept {
    isStopping_ = true;
    if (!endCode_) endCode_ = Status::ChannelClosed;
}

void ReconnectCore::setRefused(const Refused& refused) noexcept {
    setEnd(refused.code(), {});
    const HubLock lock(*hub_);
    if (endCode_ != refused.code()) return;
    refusal_ = refused.sharedResponse();
    refusing_ = endpoints_.current();
}

void ReconnectCore::setEnd(const error_code& code, std::string reason) noexcept {
    const HubLock lock(*hub_);
    if (endCode_) return;
    endCode_ = code;
    endReason_ = std::move(reason);
}

void ReconnectCore::end() noexcept {
    WokenList woken;
    PeerPtr peer;
    {
        const HubLock lock(*hub_);
        if (!endCode_) endCode_ = Status::ShutdownStarted;  // destroyed with its context
        state_ = LinkState::Closed;
        peer = std::move(peer_);
        while (MessagePtr message = unsent_.popFront())
            inbox.add(std::move(message), *hub_, woken);
        inbox.close(endCode_, *hub_, woken);
        hub_->wakeAll(waiters_, woken);
    }
    woken.wakeAll(false);
}

bool ReconnectCore::isStopping() {
    const HubLock lock(*hub_);
    return isStopping_;
}

}  // namespace tempeh::flows::detail
