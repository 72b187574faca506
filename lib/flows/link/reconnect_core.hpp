#pragma once

#include "flows/link/endpoint_rotation.hpp"
#include "flows/link/retry_delay.hpp"
#include "flows/link/retry_tokens.hpp"
#include "flows/peer/connecting.hpp"
#include "flows/peer/inbox.hpp"
#include "flows/peer/peer_state.hpp"

#include <tempeh/flows/reconnecting_peer.hpp>

#include <boost/asio/cancellation_signal.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tempeh::flows::detail {

class ReconnectCore;
using ReconnectPtr = std::shared_ptr<ReconnectCore>;

/// A link. One coroutine connects, passes on what arrives, and reconnects; operations wait for it.
class ReconnectCore final : public InboxOwner, public std::enable_shared_from_this<ReconnectCore> {
public:
    /// Starts its coroutine. When the last share is gone, it stops.
    static ReconnectPtr start(Ampe& engine, std::span<const Address> addresses,
                              const ReconnectOptions& options);
    ReconnectCore(HubPtr hub, HelloTemplate hello, const ReconnectOptions& options);
    ~ReconnectCore();

    Hub& hub() const noexcept override { return *hub_; }
    const HubPtr& hubPtr() const noexcept { return hub_; }
    Error errorFor(const error_code& ec) override;
    /// Throws Refused if the server refused.
    [[noreturn]] void throwFor(const error_code& ec) override;
    /// Why there are no more attempts, in words. Empty before.
    std::string endReason();
    void onReceived(const Message& message) noexcept override;

    static asio::awaitable<MessagePtr> request(ReconnectPtr self, MessagePtr message, Duration timeout,
                                               SignalHandler onSignal);
    /// False: no connection with room before the deadline.
    static asio::awaitable<bool> send(ReconnectPtr self, MessagePtr message, TimePoint deadline);
    /// False: no connection now, or no room. Then, and when it throws the end, the message is still there.
    bool trySend(MessagePtr& message);
    static asio::awaitable<MessagePtr> close(ReconnectPtr self, MessagePtr bye);
    /// The current connection or the next one; null at the deadline. Throws the end.
    static asio::awaitable<PeerPtr> connection(ReconnectPtr self, TimePoint deadline);

    static asio::awaitable<StreamReader> requestStream(ReconnectPtr self, MessagePtr message,
                                                       Duration timeout);
    /// Ends the link and what it has not sent.
    void abort() noexcept;
    ChannelInfo info();
    LinkState state();
    ReconnectCounters counters();
    /// What requests go through, if anything.
    const std::optional<CircuitBreaker>& breaker() const noexcept { return breaker_; }
    /// The current connection; null for none.
    PeerPtr current();

private:
    class ConnectionWait;
    class EndOfChannel;
    class EndWait;
    class Redirection;
    class RequestTally;
    class Running;

    static asio::awaitable<void> run(Running running);
    asio::awaitable<PeerPtr> establish();
    asio::awaitable<PeerPtr> attempt();
    void noteFailure(std::string failure);
    /// Passes on what arrives until the connection ends.
    asio::awaitable<void> passOn(PeerPtr peer);
    asio::awaitable<void> sendUnsent(PeerPtr peer);
    std::optional<Heartbeat> watch(const PeerPtr& peer) const;
    void setConnected(const PeerPtr& peer);
    /// Says bye and stops further attempts. Throws for an invalid bye; then nothing changes.
    void beginClosing(PeerState& peer, MessagePtr bye);
    void markStopping() noexcept TEMPEH_REQUIRES(hubLocked);
    void setLost(PeerState& peer);
    /// Stops further attempts.
    void stop() noexcept;
    void end() noexcept;
    void setEnd(const error_code& code, std::string reason) noexcept;  // only the first call counts
    void setRefused(const Refused& refused) noexcept;
    /// Puts an id and, if the link does that, a key on the request.
    void prepare(Message& request) const;
    /// A copy, if the link may send it again; null otherwise.
    MessagePtr copyFor(const Message& request, std::uint32_t resends) const;
    /// Pays for sending the copy. Null, and counted, if the link may not do that again.
    MessagePtr paidFor(MessagePtr copy) noexcept;
    void noteStreamAnswered() noexcept;
    void cancelAttempts() noexcept;
    bool isStopping();
    void setStopping() noexcept;

    const HubPtr hub_;
    const HelloTemplate hello_;
    const ConnectOptions connecting_;  // to judge attempts by
    const Duration attemptTimeout_;
    const bool sendsAgain_;
    const std::uint32_t maxResends_;
    const std::string keys_;  // what the idempotency keys begin with; empty: none
    const HeartbeatOptions heartbeat_;
    const std::optional<CircuitBreaker> breaker_;
    const Failover failover_;
    RetryDelay delay_;                        // the coroutine's
    EndpointRotation endpoints_;              // the coroutine's
    MessageQueue unsent_;                     // the coroutine's
    asio::cancellation_signal stopAttempts_;  // on the loop's executor

    LinkState state_ TEMPEH_GUARDED_BY(hubLocked) = LinkState::Connecting;
    PeerPtr peer_ TEMPEH_GUARDED_BY(hubLocked);
    WaitList waiters_ TEMPEH_GUARDED_BY(hubLocked);
    bool isStopping_ TEMPEH_GUARDED_BY(hubLocked) = false;
    error_code endCode_ TEMPEH_GUARDED_BY(hubLocked);
    std::string endReason_ TEMPEH_GUARDED_BY(hubLocked);
    std::shared_ptr<const Message> refusal_
        TEMPEH_GUARDED_BY(hubLocked);  // the server's HelloResponse, if that was the end
    std::size_t refusing_ TEMPEH_GUARDED_BY(hubLocked) = 0;  // whose refusal it is
    ReconnectCounters counts_ TEMPEH_GUARDED_BY(hubLocked);
    RetryTokens budget_ TEMPEH_GUARDED_BY(hubLocked);
};

}  // namespace tempeh::flows::detail
