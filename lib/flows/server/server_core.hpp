#pragma once

#include "flows/peer/peer_state.hpp"
#include "flows/server/handler_task.hpp"
#include "flows/server/listener_route.hpp"
#include "flows/server/peer_seats.hpp"

#include <tempeh/flows/broadcast.hpp>
#include <tempeh/flows/server_options.hpp>

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tempeh::flows::detail {

/// A peer for people: its address, and its process if that is known.
std::string describePeer(const ChannelInfo& peer);

class ServerCore;
using ServerPtr = std::shared_ptr<ServerCore>;
/// The first listens; the others, on other engines, have what it hands to them.
using ServerList = std::vector<ServerPtr>;

/// What a Server, its serve() and its handlers share: listeners, clients that wait to be accepted, peers
/// being served.
class ServerCore final : public Acceptor, public std::enable_shared_from_this<ServerCore> {
public:
    /// One for each engine.
    static ServerList start(const std::vector<Ampe*>& engines, const std::vector<Address>& addresses,
                            const ServerOptions& options);
    ServerCore(HubPtr hub, ServerOptions options, std::shared_ptr<PeerSeats> seats) noexcept
        : hub_(std::move(hub)), options_(std::move(options)), seats_(std::move(seats)) {}
    ~ServerCore() override;

    Hub& hub() const noexcept { return *hub_; }
    /// Blocks, where that is allowed, until every listener has answered, but not longer than `timeout`.
    std::vector<Address> addresses(Duration timeout);
    ServerCounters counters();

    /// Stops listening and lets serve() end; the peers go on.
    void stopListening() noexcept;
    void drainPeers() noexcept;
    /// Aborts the peers and cancels the handlers, except that of `except`, which may be null.
    void endHandlers(const HandlerTask* except) noexcept;
    /// The peers whose handlers have not ended, and the client that the accept hook is looking at.
    std::vector<std::string> served();
    /// Blocks for a short time, where that is allowed, until no handler runs.
    void awaitHandlers() noexcept;

    /// Adds the peers being served.
    void addPeers(std::vector<Peer>& peers);
    /// Sends a copy to each of them, without waiting, and adds to the result.
    void broadcast(const Message& signal, const PeerFilter& filter, Broadcast& result);

    static asio::awaitable<void> listening(ServerPtr self);
    /// A client's handler runs on the engine that has the client.
    static asio::awaitable<void> serveAll(ServerList all, Handler handler);
    static asio::awaitable<bool> stopAll(ServerList all, Duration deadline);

    void onHello(MessagePtr hello) noexcept override TEMPEH_EXCLUDES(hubLocked);
    void onHubEnd(WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);

private:
    class ListeningWait;
    class AdmissionWait;
    class IdleWait;
    class Served;
    class ServeGuard;
    class AdmissionGuard;
    class StopCaller;
    class Authorization;
    class AuthorizationWait;
    class AuthorizationGuard;

    static asio::awaitable<void> serve(ServerPtr self);

    /// A client whose hello is not answered yet.
    struct PendingHello {
        PeerPtr peer;
        MessagePtr hello;
    };
    /// One that is being accepted or refused.
    struct Candidate {
        PendingHello pending;
        PeerSeats::Seat seat;
        ChannelInfo channel;
        MessagePtr response;
    };

    /// False: the deadline passed before the last handler ended. `fromHandler`: does not wait for handlers
    /// that wait in stop() themselves.
    static asio::awaitable<bool> idle(ServerPtr self, bool fromHandler, TimePoint deadline);
    bool isIdle(bool fromHandler) const noexcept TEMPEH_REQUIRES(hubLocked);
    /// Calls `visit` for every handler, in the order they were accepted.
    template <typename Visit>
    void forEachTask(Visit visit) TEMPEH_EXCLUDES(hubLocked);
    void beginServing(Handler handler);
    void warnOfUnfinishedHandlers() noexcept;
    void forgetListeners() noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Marks the handler whose coroutine has that slot as being in stop(). Null: there is none, or it is
    /// there already.
    HandlerTaskPtr enterStop(asio::cancellation_slot slot) noexcept TEMPEH_EXCLUDES(hubLocked);
    void leaveStop(HandlerTask& task) noexcept TEMPEH_EXCLUDES(hubLocked);
    void endAdmission() noexcept TEMPEH_EXCLUDES(hubLocked);
    void listen(const std::vector<Address>& addresses);
    bool allAnswered() const noexcept TEMPEH_REQUIRES(hubLocked);
    /// A client waits, and there is a place for it in the authorize hook.
    bool mayAdmit() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return !pendingHellos_.empty() && authorizing_ < options_.maxAuthorizing;
    }
    /// serve() must end.
    bool mustEndServing() const noexcept TEMPEH_REQUIRES(hubLocked);
    std::vector<Address> boundOrThrow();  // all have answered
    [[noreturn]] void throwUnanswered();
    /// `executor` runs the hooks.
    void admit(PendingHello pending, const asio::any_io_executor& executor);
    /// Without memory the client is dropped, and the server stays.
    void admitOrDrop(PendingHello pending, const asio::any_io_executor& executor) noexcept;
    std::uint8_t examine(Candidate& candidate);
    bool isOnLists(const ChannelInfo& channel) const noexcept;
    /// The client's answer, and its handler if it is accepted.
    void conclude(Candidate candidate, std::uint8_t status);
    void beginAuthorizing(Candidate candidate, const asio::any_io_executor& executor);
    static asio::awaitable<void> runHook(ServerPtr self, std::shared_ptr<Authorization> authorization);
    static asio::awaitable<void> judge(ServerPtr self, std::shared_ptr<Authorization> authorization);
    void endAuthorizing() noexcept TEMPEH_EXCLUDES(hubLocked);
    void answer(PeerState& peer, MessagePtr response, std::uint8_t status) noexcept;
    bool keepPending(PendingHello& pending, WokenList& woken);
    void reject(PendingHello pending) noexcept;
    bool isOverrun(const PeerState& peer) noexcept;
    void release(std::uint64_t number, bool wasOverrun) noexcept;
    static asio::awaitable<void> runHandler(Served served);
    void onHandlerFailure(const Served& served, const std::exception_ptr& failure) noexcept;

    const HubPtr hub_;
    const ServerOptions options_;
    const std::shared_ptr<PeerSeats> seats_;  // all engines' together
    Handler handler_;                         // set once, before any handler runs

    WaitList listeningWaiters_ TEMPEH_GUARDED_BY(hubLocked);
    WaitList admissionWaiters_ TEMPEH_GUARDED_BY(hubLocked);
    WaitList idleWaiters_ TEMPEH_GUARDED_BY(hubLocked);
    std::list<ListenerRoute> listeners_ TEMPEH_GUARDED_BY(hubLocked);
    std::deque<PendingHello> pendingHellos_ TEMPEH_GUARDED_BY(hubLocked);
    std::map<std::uint64_t, HandlerTaskPtr> served_
        TEMPEH_GUARDED_BY(hubLocked);  // by number, in the order they were accepted
    std::uint64_t lastTask_ TEMPEH_GUARDED_BY(hubLocked) = 0;
    std::size_t inStop_ TEMPEH_GUARDED_BY(hubLocked) = 0;  // how many of them wait in stop() themselves
    std::weak_ptr<PeerState> admitting_
        TEMPEH_GUARDED_BY(hubLocked);  // the client that is being accepted or refused
    bool isAdmitting_ TEMPEH_GUARDED_BY(hubLocked) = false;
    WaitList authorizers_ TEMPEH_GUARDED_BY(hubLocked);         // those who wait for a hook
    std::size_t authorizing_ TEMPEH_GUARDED_BY(hubLocked) = 0;  // clients
    ServerCounters counts_ TEMPEH_GUARDED_BY(hubLocked);
    bool isServing_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool isStopping_ TEMPEH_GUARDED_BY(hubLocked) = false;
    /// The state that a client finds which is accepted late.
    enum class Ending : std::uint8_t { Serving, Draining, Cancelling };
    Ending ending_ TEMPEH_GUARDED_BY(hubLocked) = Ending::Serving;
};

template <typename Visit>
void ServerCore::forEachTask(Visit visit) {
    for (std::uint64_t last = 0;;) {
        HandlerTaskPtr task;
        {
            const HubLock lock(*hub_);
            const auto next = served_.upper_bound(last);
            if (next == served_.end()) return;
            last = next->first;
            task = next->second;
        }
        visit(*task);
    }
}

}  // namespace tempeh::flows::detail
