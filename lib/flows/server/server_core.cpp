#include "flows/server/server_core.hpp"

#include "flows/hub/thread_sleeper.hpp"
#include "flows/options_check.hpp"
#include "flows/peer/error_detail.hpp"
#include "flows/server/server_waits.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

namespace tempeh::flows::detail {

std::string describePeer(const ChannelInfo& peer) {
    std::string text = "channel " + std::to_string(peer.channel);
    if (!peer.peerAddress.empty()) text += ", " + peer.peerAddress;
    if (peer.peerCredentials) text += ", process " + std::to_string(peer.peerCredentials->pid);
    return text;
}

ServerList ServerCore::start(const std::vector<Ampe*>& engines, const std::vector<Address>& addresses,
                             const ServerOptions& options) {
    check(options);
    const auto seats = std::make_shared<PeerSeats>(options.maxPeers);
    ServerList all;
    std::vector<ChannelGroup*> groups;
    for (Ampe* const engine : engines) {
        const auto server = std::make_shared<ServerCore>(Hub::create(*engine), options, seats);
        {
            const HubLock lock(server->hub());
            server->hub().setAcceptor(server);
        }
        groups.push_back(&server->hub().group());
        all.push_back(server);
    }
    // Before the first client can come.
    if (groups.size() > 1) groups.front()->distributeTo(groups);
    all.front()->listen(addresses);
    return all;
}

ServerCore::~ServerCore() {
    stopListening();
    forgetListeners();
}

void ServerCore::forgetListeners() noexcept {
    const HubLock lock(*hub_);
    for (const ListenerRoute& listener : listeners_)
        if (!listener.hasEnded()) hub_->removeRoute(listener.channel());
}

void ServerCore::listen(const std::vector<Address>& addresses) {
    for (const Address& address : addresses) {
        if (!wire::isServer(address)) throw Error(make_error_code(Status::WrongAddress), toString(address));
        MessagePtr welcome = hub_->engine().get();
        format(address, *welcome);
        const HubLock lock(*hub_);
        ListenerRoute& listener = listeners_.emplace_back(*hub_, listeningWaiters_);
        listener.bound = address;
        Hub::RouteSlot slot = Hub::makeSlot(listener);
        hub_->reserveRoute();
        error_code ec = hub_->endReason();
        BinaryHeader header;
        if (!ec) header = hub_->group().post(std::move(welcome), ec);
        if (ec) {
            listeners_.pop_back();
            throw Error(ec, toString(address));
        }
        listener.open(header.channelNumber);
        hub_->addRoute(header.channelNumber, std::move(slot));
    }
}

bool ServerCore::allAnswered() const noexcept {
    for (const ListenerRoute& listener : listeners_)
        if (!listener.isBound() && !listener.failure) return false;
    return true;
}

bool ServerCore::mustEndServing() const noexcept {
    return isStopping_ || hub_->hasEnded();
}

std::vector<Address> ServerCore::boundOrThrow() {
    const HubLock lock(*hub_);
    std::vector<Address> bound;
    for (const ListenerRoute& listener : listeners_) {
        if (!listener.isBound())
            throw Error(listener.failure, placeAndCause(toString(listener.bound), listener.reason));
        bound.push_back(listener.bound);
    }
    return bound;
}

std::vector<Address> ServerCore::addresses(Duration timeout) {
    bool isReady = false;
    {
        const HubLock lock(*hub_);
        isReady = allAnswered();
    }
    if (!isReady && !hub_->mayBlock()) throw blocksEngine();
    const TimePoint deadline = hub_->time().after(timeout);
    while (!isReady) {
        ListeningWait wait(*this);
        ThreadSleeper sleeper;
        sleeper.sleep(*hub_, wait, deadline);
        isReady = wait.isOver;
        if (!isReady && wait.hasTimedOut()) throwUnanswered();
    }
    return boundOrThrow();
}

void ServerCore::throwUnanswered() {
    std::string text;
    {
        const HubLock lock(*hub_);
        for (const ListenerRoute& listener : listeners_)
            if (!listener.hasAnswered()) text = toString(listener.bound);
    }
    throw Error(
        make_error_code(Status::ListenFailed),
        text + ": not done in time, its name takes long to look up, or " + std::string(engineIsSilent));
}

void ServerCore::beginServing(Handler handler) {
    {
        const HubLock lock(*hub_);
        if (std::exchange(isServing_, true))
            throw Error(make_error_code(Status::NotAllowed), "serve() was called before");
    }
    handler_ = std::move(handler);
}

ServerCounters ServerCore::counters() {
    const HubLock lock(*hub_);
    ServerCounters result = counts_;
    result.peers = served_.size();
    result.authorizing = authorizing_;
    return result;
}

void ServerCore::stopListening() noexcept {
    WokenList woken;
    std::deque<PendingHello> turnedAway;
    MessageQueue byes;
    {
        const HubLock lock(*hub_);
        if (isStopping_) return;
        isStopping_ = true;
        turnedAway.swap(pendingHellos_);
        hub_->wakeAll(admissionWaiters_, woken);
        hub_->wakeAll(authorizers_, woken);
        for (ListenerRoute& listener : listeners_)
            if (!listener.hasEnded()) byes.pushBack(listener.takeBye());
    }
    while (MessagePtr bye = byes.popFront()) {
        error_code ec;  // it has ended
        hub_->group().post(std::move(bye), ec);
    }
    for (PendingHello& pending : turnedAway)
        reject(std::move(pending));
    woken.wakeAll(false);
}

void ServerCore::drainPeers() noexcept {
    {
        const HubLock lock(*hub_);
        if (ending_ == Ending::Serving) ending_ = Ending::Draining;
    }
    forEachTask([](const HandlerTask& task) {
        if (const PeerPtr peer = task.peer()) peer->drain();
    });
}

void ServerCore::endHandlers(const HandlerTask* except) noexcept {
    {
        const HubLock lock(*hub_);
        ending_ = Ending::Cancelling;
    }
    forEachTask([this, except](HandlerTask& task) {
        if (&task == except) return;
        if (const PeerPtr peer = task.peer()) peer->abort();
        task.cancel();
        const HubLock lock(*hub_);
        ++counts_.cancelled;
    });
}

namespace {

/// The time for handlers to end once their server is destroyed.
constexpr Duration grace = std::chrono::seconds(5);

/// Whether this thread runs handlers: they would wait for it.
bool runsHere(const asio::any_io_executor& executor) noexcept {
    if (const auto* context = executor.target<asio::io_context::executor_type>())
        return context->running_in_this_thread();
    if (const auto* pool = executor.target<asio::thread_pool::executor_type>())
        return pool->running_in_this_thread();
    return false;
}

}  // namespace

void ServerCore::awaitHandlers() noexcept {
    {
        const HubLock lock(*hub_);
        if (isIdle(false)) return;
    }
    if (!hub_->mayBlock() || runsHere(options_.executor)) return;
    const TimePoint until = timeAfter(std::chrono::steady_clock::now(), grace);
    for (;;) {  // woken by every handler's end
        IdleWait wait(*this, false);
        ThreadSleeper sleeper;
        sleeper.sleep(*hub_, wait, until);
        if (wait.isIdle || wait.hasTimedOut() || wait.ec) return;
    }
}

bool ServerCore::isIdle(bool fromHandler) const noexcept {
    return !isAdmitting_ && authorizing_ == 0 && served_.size() == (fromHandler ? inStop_ : 0);
}

std::vector<std::string> ServerCore::served() {
    PeerPtr admitting;
    {
        const HubLock lock(*hub_);
        admitting = admitting_.lock();
    }
    std::vector<std::string> names;
    forEachTask([&names](const HandlerTask& task) { names.push_back(task.name()); });
    if (admitting != nullptr) names.push_back(describePeer(admitting->info()) + ", in the accept hook");
    return names;
}

void ServerCore::warnOfUnfinishedHandlers() noexcept try {
    constexpr std::size_t namesAtMost = 8;
    const std::vector<std::string> names = served();
    std::string text = "server: " + std::to_string(names.size()) +
                       " handlers have not ended at stop()'s deadline, though cancelled:";
    for (std::size_t i = 0; i < names.size() && i < namesAtMost; ++i)
        text += (i == 0 ? " " : "; ") + names[i];
    if (names.size() > namesAtMost) text += "; ...";
    hub_->warnings().write(Warning::HandlersLeft, text);
} catch (const std::bad_alloc&) {
    hub_->warnings().write(Warning::HandlersLeft, "server: handlers have not ended at stop()'s deadline");
}

}  // namespace tempeh::flows::detail
