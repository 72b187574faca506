#include "flows/server_core.hpp"

#include "flows/server_waits.hpp"
#include "flows/thread_sleeper.hpp"

namespace tempeh::flows::detail {

ServerPtr ServerCore::start(Ampe& engine, const std::vector<Address>& addresses, ServerOptions options) {
    auto server = std::make_shared<ServerCore>(Hub::create(engine), std::move(options));
    {
        const std::scoped_lock lock(server->hub().mutex());
        server->hub().setAcceptor(server);
    }
    server->listen(addresses);
    return server;
}

ServerCore::~ServerCore() {
    stopListening();
    const std::scoped_lock lock(hub_->mutex());
    for (const ListenerRoute& listener : listeners_)
        if (!listener.hasEnded()) hub_->removeRoute(listener.channel());
}

void ServerCore::listen(const std::vector<Address>& addresses) {
    for (const Address& address : addresses) {
        const bool isServers = std::holds_alternative<TcpServerAddress>(address) ||
                               std::holds_alternative<UdsServerAddress>(address);
        if (!isServers) throw Error(make_error_code(Status::WrongAddress), toString(address));
        MessagePtr welcome = hub_->engine().get();
        format(address, *welcome);
        const std::scoped_lock lock(hub_->mutex());
        ListenerRoute& listener = listeners_.emplace_back(*hub_, listeningWaiters_);
        listener.bound = address;
        error_code ec = hub_->endReason();
        BinaryHeader header;
        if (!ec) header = hub_->group().post(std::move(welcome), ec);
        if (ec) {
            listeners_.pop_back();
            throw Error(ec, toString(address));
        }
        listener.open(header.channelNumber);
        hub_->addRoute(header.channelNumber, listener);
    }
}

bool ServerCore::allAnswered() const noexcept {
    for (const ListenerRoute& listener : listeners_)
        if (!listener.isBound() && !listener.failure) return false;
    return true;
}

bool ServerCore::takesNobody() const noexcept {
    return isStopping_ || hub_->hasEnded();
}

std::vector<Address> ServerCore::boundOrThrow() {
    const std::scoped_lock lock(hub_->mutex());
    std::vector<Address> bound;
    for (const ListenerRoute& listener : listeners_) {
        if (!listener.isBound())
            throw Error(listener.failure, toString(listener.bound) + ", " + listener.reason);
        bound.push_back(listener.bound);
    }
    return bound;
}

std::vector<Address> ServerCore::addresses() {
    bool isReady = false;
    {
        const std::scoped_lock lock(hub_->mutex());
        isReady = allAnswered();
    }
    if (!isReady && !hub_->mayBlock()) throw Error(Status::NotAllowed);
    while (!isReady) {
        ListeningWait wait(*this);
        ThreadSleeper sleeper;
        sleeper.sleep(*hub_, wait, TimePoint::max());
        isReady = wait.isOver;
    }
    return boundOrThrow();
}

ServerCounters ServerCore::counters() {
    const std::scoped_lock lock(hub_->mutex());
    ServerCounters result = counts_;
    result.peers = served_.size();
    return result;
}

void ServerCore::stopListening() noexcept {
    WokenList woken;
    std::deque<Knock> turnedAway;
    MessageQueue byes;
    {
        const std::scoped_lock lock(hub_->mutex());
        if (isStopping_) return;
        isStopping_ = true;
        turnedAway.swap(knocks_);
        hub_->wakeAll(knockWaiters_, woken);
        for (ListenerRoute& listener : listeners_)
            if (!listener.hasEnded()) byes.pushBack(listener.takeBye());
    }
    while (MessagePtr bye = byes.popFront()) {
        error_code ec;  // it has ended
        hub_->group().post(std::move(bye), ec);
    }
    for (Knock& knock : turnedAway)
        turnAway(std::move(knock));
    woken.wakeAll(false);
}

void ServerCore::drainPeers() noexcept {
    std::vector<PeerPtr> peers;
    {
        const std::scoped_lock lock(hub_->mutex());
        isDraining_ = true;
        for (const auto& [key, peer] : served_)
            peers.push_back(peer.lock());
    }
    for (const PeerPtr& peer : peers)
        if (peer != nullptr) peer->drain();
}

void ServerCore::abortPeers() noexcept {
    std::vector<PeerPtr> peers;
    {
        const std::scoped_lock lock(hub_->mutex());
        for (const auto& [key, peer] : served_)
            peers.push_back(peer.lock());
    }
    for (const PeerPtr& peer : peers)
        if (peer != nullptr) peer->abort();
}

}  // namespace tempeh::flows::detail
