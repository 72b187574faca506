// Who is let in, and the coroutines that serve them.

#include "flows/server_core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>

namespace tempeh::flows::detail {

/// One handler's share in the server: gone with its coroutine, however that ends.
class ServerCore::Served {
public:
    Served(ServerPtr server, PeerPtr peer) noexcept : server_(std::move(server)), peer_(std::move(peer)) {}
    Served(Served&&) noexcept = default;
    Served& operator=(Served&&) = delete;
    ~Served() {
        if (server_ == nullptr) return;
        const PeerState* const key = peer_.get();
        const bool wasOverrun = server_->isOverrun(*peer_);
        peer_.reset();  // says bye, unless a copy is left
        server_->release(key, wasOverrun);
    }
    ServerCore& server() const noexcept { return *server_; }
    const PeerPtr& peer() const noexcept { return peer_; }

private:
    ServerPtr server_;
    PeerPtr peer_;
};

void ServerCore::onHello(MessagePtr hello) noexcept {
    WokenList woken;
    try {
        Knock knock{PeerState::accept(hub_, *hello), std::move(hello)};
        knock.peer->maxWaiting = options_.maxWaiting;
        if (!keepKnock(knock, woken)) turnAway(std::move(knock));
    } catch (const std::bad_alloc&) {
        // Without memory nobody is let in; the peer closed its channel, or its hello's timeout does.
    }
    woken.wakeAll(true);
}

/// False: too late, nobody is let in any more.
bool ServerCore::keepKnock(Knock& knock, WokenList& woken) {
    const std::scoped_lock lock(hub_->mutex());
    if (takesNobody()) return false;
    knocks_.push_back(std::move(knock));
    hub_->wakeAll(knockWaiters_, woken);
    return true;
}

void ServerCore::onHubEnd(WokenList& woken) noexcept {
    hub_->wakeAll(knockWaiters_, woken);
}

void ServerCore::turnAway(Knock knock) noexcept {
    knock.hello->textHeaders.clear();
    knock.hello->body.clear();
    answer(*knock.peer, std::move(knock.hello), static_cast<std::uint8_t>(Status::ShutdownStarted));
}

std::uint8_t ServerCore::examine(const Knock& knock, Message& response, const ChannelInfo& channel) {
    {
        const std::scoped_lock lock(hub_->mutex());
        if (options_.maxPeers != 0 && served_.size() >= options_.maxPeers)
            return static_cast<std::uint8_t>(Status::NotAllowed);
    }
    if (options_.accept == nullptr) return 0;
    Hello hello{*knock.hello, channel, response};
    try {
        return options_.accept(hello);
    } catch (...) {
        return static_cast<std::uint8_t>(Status::ProcessingFailed);
    }
}

void ServerCore::answer(PeerState& peer, MessagePtr response, std::uint8_t status) noexcept {
    if (status != 0) {
        const std::scoped_lock lock(hub_->mutex());
        ++counts_.refused;
    }
    response->header.opCode = OpCode::HelloResponse;
    response->header.status = status;
    peer.post(response);  // who has gone meanwhile needs no answer
}

void ServerCore::admit(Knock knock) {
    MessagePtr response = hub_->engine().get();
    response->header.messageId = knock.hello->header.messageId;
    const ChannelInfo channel = knock.peer->info();
    const std::uint8_t status = examine(knock, *response, channel);
    answer(*knock.peer, std::move(response), status);
    if (status != 0) return;  // the handle's end says bye
    bool drains = false;
    {
        const std::scoped_lock lock(hub_->mutex());
        ++counts_.accepted;
        served_.emplace(knock.peer.get(), knock.peer);
        drains = isDraining_;
    }
    if (drains) knock.peer->drain();
    const asio::any_io_executor executor = options_.executor ? options_.executor : hub_->group().executor();
    asio::co_spawn(executor, runHandler(Served(shared_from_this(), std::move(knock.peer))), asio::detached);
}

bool ServerCore::isOverrun(const PeerState& peer) noexcept {
    const std::scoped_lock lock(hub_->mutex());
    return peer.isOverrun;
}

void ServerCore::release(const PeerState* peer, bool wasOverrun) noexcept {
    WokenList woken;
    {
        const std::scoped_lock lock(hub_->mutex());
        served_.erase(peer);
        if (wasOverrun) ++counts_.overruns;
        if (served_.empty()) hub_->wakeAll(idleWaiters_, woken);
    }
    woken.wakeAll(false);
}

namespace {

/// How a handler ends when nothing went wrong in it.
bool isOrdinaryEnd(const boost::system::system_error& error) noexcept {
    return error.code() == Status::ChannelClosed || error.code() == Status::Returned ||
           error.code() == Status::ShutdownStarted || error.code() == asio::error::operation_aborted;
}

}  // namespace

asio::awaitable<void> ServerCore::runHandler(Served served) {
    std::exception_ptr failure;
    try {
        Peer peer(served.peer());
        co_await served.server().handler_(std::move(peer));
    } catch (const boost::system::system_error& error) {
        if (!isOrdinaryEnd(error)) failure = std::current_exception();
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure == nullptr) co_return;
    ServerCore& server = served.server();
    served.peer()->abort();
    {
        const std::scoped_lock lock(server.hub_->mutex());
        ++server.counts_.handlerFailures;
    }
    if (server.options_.onFailure != nullptr) server.options_.onFailure(Peer(served.peer()), failure);
}

}  // namespace tempeh::flows::detail
