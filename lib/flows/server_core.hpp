#pragma once

#include "flows/listener_route.hpp"
#include "flows/peer_state.hpp"

#include <tempeh/flows/server_options.hpp>

#include <deque>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

namespace tempeh::flows::detail {

class ServerCore;
using ServerPtr = std::shared_ptr<ServerCore>;

/// What a Server, its serve() and its handlers share: listeners, clients that knock, peers that are served.
class ServerCore final : public Acceptor, public std::enable_shared_from_this<ServerCore> {
public:
    static ServerPtr start(Ampe& engine, const std::vector<Address>& addresses, ServerOptions options);
    ServerCore(HubPtr hub, ServerOptions options) noexcept
        : hub_(std::move(hub)), options_(std::move(options)) {}
    ~ServerCore() override;

    Hub& hub() const noexcept { return *hub_; }
    /// Blocks until every listener has answered, where that is allowed.
    std::vector<Address> addresses();
    ServerCounters counters();

    /// Stops listening and lets serve() end; the peers go on.
    void stopListening() noexcept;
    void drainPeers() noexcept;
    void abortPeers() noexcept;

    static asio::awaitable<void> listening(ServerPtr self);
    static asio::awaitable<void> serve(ServerPtr self, Handler handler);
    static asio::awaitable<bool> stop(ServerPtr self, Duration deadline);

    void onHello(MessagePtr hello) noexcept override;
    void onHubEnd(WokenList& woken) noexcept override;

private:
    class ListeningWait;
    class KnockWait;
    class IdleWait;
    class Served;

    /// A client whose hello is not answered yet.
    struct Knock {
        PeerPtr peer;
        MessagePtr hello;
    };

    /// False: the deadline came before the last handler had ended.
    static asio::awaitable<bool> idle(ServerPtr self, TimePoint deadline);
    void listen(const std::vector<Address>& addresses);
    bool allAnswered() const noexcept;    // lock held
    bool takesNobody() const noexcept;    // lock held: serve() is to end
    std::vector<Address> boundOrThrow();  // all have answered
    void admit(Knock knock);
    std::uint8_t examine(const Knock& knock, Message& response, const ChannelInfo& channel);
    void answer(PeerState& peer, MessagePtr response, std::uint8_t status) noexcept;
    bool keepKnock(Knock& knock, WokenList& woken);
    void turnAway(Knock knock) noexcept;
    bool isOverrun(const PeerState& peer) noexcept;
    void release(const PeerState* peer, bool wasOverrun) noexcept;
    static asio::awaitable<void> runHandler(Served served);

    const HubPtr hub_;
    const ServerOptions options_;
    Handler handler_;  // set once, before any handler runs

    // Under the hub's lock.
    WaitList listeningWaiters_;
    WaitList knockWaiters_;
    WaitList idleWaiters_;
    std::list<ListenerRoute> listeners_;
    std::deque<Knock> knocks_;
    std::unordered_map<const PeerState*, std::weak_ptr<PeerState>> served_;
    ServerCounters counts_;
    bool isServing_ = false;
    bool isStopping_ = false;
    bool isDraining_ = false;
};

}  // namespace tempeh::flows::detail
