#include "flows/peer/connecting.hpp"

#include "flows/hub/suspension.hpp"
#include "flows/link/retry_delay.hpp"
#include "flows/peer/error_detail.hpp"
#include "flows/peer/heartbeat_signals.hpp"
#include "flows/peer/message_copy.hpp"
#include "flows/peer/peer_waits.hpp"

namespace tempeh::flows::detail {

HelloTemplate::HelloTemplate(const Address& address, const ConnectOptions& options)
    : message_(std::make_unique<Message>()) {
    const Address client = clientAddressOf(address);
    format(client, *message_);
    for (const TextHeader& header : options.headers)
        message_->textHeaders.append(header.name, header.value);
    message_->textHeaders.set(heartbeatHeader, heartbeatOfClient);
    message_->body.append(options.body);
    address_ = toString(client);
    if (options.breaker != nullptr) breaker_ = *options.breaker;
}

MessagePtr HelloTemplate::make(Ampe& engine) const {
    MessagePtr message = engine.get();
    copyMessage(*message_, *message);
    if (hook_ == nullptr) return message;
    try {
        hook_(*message);
    } catch (...) {
        throw Error(make_error_code(Status::ProcessingFailed),
                    address_ + ": prepareHello threw: " + textOf(std::current_exception()));
    }
    return message;
}

namespace {

/// Why there is no answer at the deadline.
std::string_view whatIsMissing(const PeerState& peer) {
    error_code ec;
    const ChannelPhase phase = peer.group().channelInfo(peer.channel(), ec).state;
    return ec || phase == ChannelPhase::Opening ? "no connection in time"
                                                : "connected, but the hello was not answered in time";
}

/// Returns if the hello was accepted. Throws otherwise.
void checkOpen(PeerState& peer, const std::string& address) {
    HelloPhase phase = HelloPhase::Pending;
    error_code ended;
    Status failure = Status::Success;
    std::string reason;
    {
        const HubLock lock(peer.hub());
        phase = peer.helloPhase();
        if (phase == HelloPhase::Pending) ended = peer.endCode();
        if (phase == HelloPhase::Failed) {
            failure = statusFromRaw(peer.helloStatus);
            reason = peer.helloReason;
        }
    }
    // Only Pending changes into another phase.
    if (phase == HelloPhase::Refused) throw Refused(address, peer.hello());
    if (phase == HelloPhase::Failed) throw Error(failure, placeAndCause(address, reason));
    if (phase == HelloPhase::Pending && ended) throw peer.errorFor(ended);
    if (phase == HelloPhase::Pending)
        throw Error(make_error_code(Status::ConnectFailed), placeAndCause(address, whatIsMissing(peer)));
}

}  // namespace

asio::awaitable<PeerPtr> tryConnect(HubPtr hub, const HelloTemplate& hello, TimePoint deadline) {
    error_code ec;
    MessagePtr message = hello.make(hub->engine());
    const PeerPtr peer = PeerState::open(hub, message, ec);
    if (peer == nullptr) throw Error(ec, hello.address());
    HelloWait wait(*peer);
    Suspension suspension(*hub, wait, co_await asio::this_coro::executor);
    auto answered = suspension.until(deadline);
    co_await std::move(answered);
    if (wait.ec) throw Error(wait.ec);
    checkOpen(*peer, hello.address());
    peer->noteOpened();
    co_return peer;
}

bool isWorthRetrying(const Error& error, const ConnectOptions& options) noexcept {
    if (dynamic_cast<const Refused*>(&error) != nullptr) return options.retryRefused;
    switch (error.status()) {
        case Status::ConnectFailed:
        case Status::UdsPathNotFound:
        case Status::PeerDisconnected:
        case Status::CommunicationFailed:
        case Status::ChannelClosed:
        case Status::Returned:
        case Status::TooManyChannels:
        case Status::ProcessingFailed:  // prepareHello: its token service may be back next time
            return true;
        case Status::NotAllowed:  // a tofu server's refusal
            return options.retryRefused;
        default:
            return false;
    }
}

asio::awaitable<PeerPtr> connectPeer(HubPtr hub, HelloTemplate hello, ConnectOptions options) {
    const TimePoint deadline = hub->time().after(options.timeout);
    RetryDelay delay(options.backoff, hub->engine());
    for (int attempt = 1;; ++attempt) {
        std::string failure;
        try {
            asio::awaitable<PeerPtr> attempting = tryConnect(hub, hello, deadline);
            if (hello.breaker()) attempting = hello.breaker()->run(std::move(attempting));
            PeerPtr peer = co_await std::move(attempting);
            co_return peer;
        } catch (const Error& error) {
            const bool isLast = attempt == options.attempts || !isWorthRetrying(error, options);
            if (isLast) throw;
            failure = failureOf(error);
        }
        const Duration pause = delay.next();
        if (hub->time().until(deadline) <= pause)
            throw Error(make_error_code(Status::ConnectFailed),
                        failure + " (attempt " + std::to_string(attempt) + ", the last in time)");
        co_await sleepFor(hub, pause);
    }
}

}  // namespace tempeh::flows::detail
