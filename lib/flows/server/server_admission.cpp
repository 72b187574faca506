// Who is accepted, and the coroutines that serve them.

#include "flows/peer/error_detail.hpp"
#include "flows/peer/heartbeat_signals.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/server/server_guards.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>

namespace tempeh::flows::detail {

/// One handler's share in the server. Goes with its coroutine, however that ends.
class ServerCore::Served {
public:
    Served(ServerPtr server, PeerPtr peer, PeerSeats::Seat seat, HandlerTaskPtr task,
           std::uint64_t number) noexcept
        : server_(std::move(server))
        , peer_(std::move(peer))
        , seat_(std::move(seat))
        , task_(std::move(task))
        , number_(number) {}
    Served(Served&&) noexcept = default;
    Served& operator=(Served&&) = delete;
    ~Served() {
        if (server_ == nullptr) return;
        peer_->handlerSlot.unbind();
        const bool wasOverrun = server_->isOverrun(*peer_);
        peer_.reset();     // says bye, unless a copy is left
        seat_.giveBack();  // first: who waits for the handler may count on it
        server_->release(number_, wasOverrun);
    }
    ServerCore& server() const noexcept { return *server_; }
    const PeerPtr& peer() const noexcept { return peer_; }
    const std::string& name() const noexcept { return task_->name(); }
    /// Operations of the handler itself get this slot.
    void bind(asio::cancellation_slot slot) const noexcept {
        peer_->handlerSlot.bind(slot);
        {
            const HubLock lock(*server_->hub_);
            task_->ownSlot = slot;
        }
        task_->begin();
    }

private:
    ServerPtr server_;
    PeerPtr peer_;
    PeerSeats::Seat seat_;
    HandlerTaskPtr task_;
    std::uint64_t number_;
};

void ServerCore::onHello(MessagePtr hello) noexcept {
    WokenList woken(true);
    try {
        PeerPtr peer = PeerState::accept(hub_, *hello, options_.maxWaiting);
        PendingHello pending{std::move(peer), std::move(hello)};
        if (!keepPending(pending, woken)) reject(std::move(pending));
    } catch (const std::bad_alloc&) {
        // Without memory the client is not accepted. If there is a peer already, its end closes the channel.
        if (hello != nullptr) hub_->closeUnanswered(std::move(hello));
    }
    woken.wakeAll(true);
}

/// False: too late, no more clients are accepted.
bool ServerCore::keepPending(PendingHello& pending, WokenList& woken) {
    const HubLock lock(*hub_);
    if (mustEndServing()) return false;
    pendingHellos_.push_back(std::move(pending));
    hub_->wakeAll(admissionWaiters_, woken);
    return true;
}

void ServerCore::onHubEnd(WokenList& woken) noexcept {
    hub_->wakeAll(admissionWaiters_, woken);
}

/// Without an answer, which would look like the application's refusal: a client that tries again may find the
/// next server.
void ServerCore::reject(PendingHello pending) noexcept {
    {
        const HubLock lock(*hub_);
        ++counts_.turnedAway;
    }
    pending.peer->abort();
}

bool ServerCore::isOnLists(const ChannelInfo& channel) const noexcept {
    const auto& users = options_.allowedUsers;
    const auto& groups = options_.allowedGroups;
    if (users.empty() && groups.empty()) return true;
    if (!channel.peerCredentials) return false;
    return std::ranges::find(users, channel.peerCredentials->uid) != users.end() ||
           std::ranges::find(groups, channel.peerCredentials->gid) != groups.end();
}

/// What is decided at once.
std::uint8_t ServerCore::examine(Candidate& candidate) {
    const ChannelInfo& channel = candidate.channel;
    const Hello hello{*candidate.pending.hello, channel, *candidate.response};
    if (!candidate.seat) return hello.refuse("the server has all the clients it may have");
    if (!isOnLists(channel)) return hello.refuse("this user may not connect here");
    if (options_.accept == nullptr) return 0;
    try {
        Hello shown = hello;
        return options_.accept(shown);
    } catch (...) {
        hub_->warnings().write(Warning::AcceptHookThrew,
                               "server: the accept hook threw, " + describePeer(channel) + " is refused",
                               std::current_exception());
        return hello.refuse("the server failed to decide",
                            static_cast<std::uint8_t>(Status::ProcessingFailed));
    }
}

void ServerCore::answer(PeerState& peer, MessagePtr response, std::uint8_t status) noexcept {
    if (status != 0) {
        const HubLock lock(*hub_);
        ++counts_.refused;
    }
    response->header.opCode = OpCode::HelloResponse;
    error_code ec;  // without room the answer lacks it, and no heartbeats come
    if (status == 0) response->textHeaders.set(heartbeatHeader, heartbeatOfServer, ec);
    response->header.status = status;
    peer.post(response);  // a client that is gone needs no answer
}

void ServerCore::admit(PendingHello pending, const asio::any_io_executor& executor) {
    const AdmissionGuard guard(*this);
    MessagePtr response = hub_->engine().get();
    response->header.messageId = pending.hello->header.messageId;
    ChannelInfo channel = pending.peer->info();
    Candidate candidate{.pending = std::move(pending),
                        .seat = PeerSeats::take(seats_),
                        .channel = std::move(channel),
                        .response = std::move(response)};
    const std::uint8_t status = examine(candidate);
    if (status == 0 && options_.authorize != nullptr)
        beginAuthorizing(std::move(candidate), executor);
    else
        conclude(std::move(candidate), status);
}

void ServerCore::conclude(Candidate candidate, std::uint8_t status) {
    PendingHello pending = std::move(candidate.pending);
    answer(*pending.peer, std::move(candidate.response), status);
    if (status != 0) return;  // the handle's end says bye
    const asio::any_io_executor loops = hub_->group().executor();
    const asio::any_io_executor executor =
        options_.executor ? HandlerTask::serial(options_.executor, loops) : loops;
    const auto task = std::make_shared<HandlerTask>(pending.peer, executor, describePeer(candidate.channel));
    Ending ending = Ending::Serving;
    std::uint64_t number = 0;
    {
        const HubLock lock(*hub_);
        number = ++lastTask_;
        served_.emplace_hint(served_.end(), number, task);
        ++counts_.accepted;
        ending = ending_;
        if (ending == Ending::Cancelling) ++counts_.cancelled;
    }
    if (ending != Ending::Serving) pending.peer->drain();
    if (ending == Ending::Cancelling) {
        pending.peer->abort();
        task->cancel();
    }
    // The coroutine's end owns the signal that holds its slots.
    asio::co_spawn(executor,
                   runHandler(Served(shared_from_this(), std::move(pending.peer), std::move(candidate.seat),
                                     task, number)),
                   asio::bind_cancellation_slot(task->slot(), [task](const std::exception_ptr&) {}));
}

void ServerCore::admitOrDrop(PendingHello pending, const asio::any_io_executor& executor) noexcept try {
    admit(std::move(pending), executor);
} catch (const std::bad_alloc&) {
    // The end of its handle closed the channel.
}

void ServerCore::endAdmission() noexcept {
    WokenList woken;
    {
        const HubLock lock(*hub_);
        isAdmitting_ = false;
        admitting_.reset();
        hub_->wakeAll(idleWaiters_, woken);
    }
    woken.wakeAll(false);
}

bool ServerCore::isOverrun(const PeerState& peer) noexcept {
    const HubLock lock(*hub_);
    return peer.isOverrun;
}

void ServerCore::release(std::uint64_t number, bool wasOverrun) noexcept {
    WokenList woken;
    {
        const HubLock lock(*hub_);
        served_.erase(number);
        if (wasOverrun) ++counts_.overruns;
        hub_->wakeAll(idleWaiters_, woken);
    }
    woken.wakeAll(false);
}

asio::awaitable<void> ServerCore::runHandler(Served served) {
    const asio::cancellation_state cancellation = co_await asio::this_coro::cancellation_state;
    served.bind(cancellation.slot());
    std::exception_ptr failure;
    try {
        Peer peer = PeerAccess::make(served.peer());
        co_await served.server().handler_(std::move(peer));
    } catch (const boost::system::system_error& error) {
        if (!isOrdinaryEnd(error.code())) failure = std::current_exception();
    } catch (...) {
        failure = std::current_exception();
    }
    // If a coroutine ends without having suspended, co_spawn posts once more. What a cancelled one would
    // throw there, nothing catches.
    co_await asio::this_coro::throw_if_cancelled(false);
    if (failure != nullptr) served.server().onHandlerFailure(served, failure);
}

void ServerCore::onHandlerFailure(const Served& served, const std::exception_ptr& failure) noexcept try {
    served.peer()->abort();
    {
        const HubLock lock(*hub_);
        ++counts_.handlerFailures;
    }
    WarningLog& warnings = hub_->warnings();
    warnings.write(Warning::HandlerThrew, "server: the handler of " + served.name() + " threw", failure);
    if (options_.onFailure != nullptr) options_.onFailure(PeerAccess::make(served.peer()), failure);
} catch (...) {
    hub_->warnings().write(Warning::FailureHookThrew, "server: the failure hook threw",
                           std::current_exception());
}

}  // namespace tempeh::flows::detail
