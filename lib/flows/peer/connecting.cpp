#include "flows/peer/connecting.hpp"

#include "flows/hub/suspension.hpp"
#include "flows/link/endpoint_rotation.hpp"
#include "flows/link/retry_delay.hpp"
#include "flows/peer/error_detail.hpp"
#include "flows/peer/heartbeat_signals.hpp"
#include "flows/peer/message_copy.hpp"
#include "flows/peer/peer_waits.hpp"

namespace tempeh::flows::detail {

HelloTemplate::HelloTemplate(std::span<const Address> addresses, const ConnectOptions& options)
    : message_(std::make_unique<Message>()) {
    if (addresses.empty()) throw Error(make_error_code(Status::InvalidAddress), "no address given");
    for (const Address& address : addresses) {
        addresses_.push_back(clientAddressOf(address));
        names_.push_back(toString(addresses_.back()));
    }
    format(addresses_.front(), *message_);
    for (const TextHeader& header : options.headers)
        message_->textHeaders.append(header.name, header.value);
    message_->textHeaders.set(heartbeatHeader, heartbeatOfClient);
    message_->body.append(options.body);
    if (options.breaker != nullptr) breaker_ = *options.breaker;
}

std::string HelloTemplate::allAddresses() const {
    std::string text = names_.front();
    for (std::size_t i = 1; i != names_.size(); ++i)
        text.append(" or ").append(names_[i]);
    return text;
}

MessagePtr HelloTemplate::make(Ampe& engine, std::size_t endpoint) const {
    MessagePtr message = engine.get();
    copyMessage(*message_, *message);
    if (endpoint != 0) format(addresses_[endpoint], *message);
    if (hook_ == nullptr) return message;
    try {
        hook_(*message);
    } catch (...) {
        throw Error(make_error_code(Status::ProcessingFailed),
                    names_[endpoint] + ": prepareHello threw: " + textOf(std::current_exception()));
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

asio::awaitable<PeerPtr> tryConnect(HubPtr hub, const HelloTemplate& hello, std::size_t endpoint,
                                    TimePoint deadline) {
    error_code ec;
    MessagePtr message = hello.make(hub->engine(), endpoint);
    const PeerPtr peer = PeerState::open(hub, message, ec);
    if (peer == nullptr) throw Error(ec, hello.address(endpoint));
    HelloWait wait(*peer);
    Suspension suspension(*hub, wait, co_await asio::this_coro::executor);
    auto answered = suspension.until(deadline);
    co_await std::move(answered);
    if (wait.ec) throw Error(wait.ec);
    checkOpen(*peer, hello.address(endpoint));
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

namespace {

/// When to give one address up: each that is left has the same share of the time.
TimePoint deadlineOfOne(const TimeSource& time, TimePoint deadline, std::size_t left) {
    const Duration rest = time.until(deadline);
    return left == 1 || rest == infinite ? deadline : time.after(rest / static_cast<Duration::rep>(left));
}

}  // namespace

asio::awaitable<PeerPtr> connectPeer(HubPtr hub, HelloTemplate hello, ConnectOptions options) {
    const TimePoint deadline = hub->time().after(options.timeout);
    RetryDelay delay(options.backoff, hub->engine());
    EndpointRotation endpoints(hello.endpoints(), options.order, hub->engine().randomSeed());
    std::string failures;  // of this round
    for (int attempt = 1;;) {
        bool isRoundOver = false;
        try {
            const TimePoint until = deadlineOfOne(hub->time(), deadline, endpoints.left());
            asio::awaitable<PeerPtr> attempting = tryConnect(hub, hello, endpoints.current(), until);
            if (hello.breaker()) attempting = hello.breaker()->run(std::move(attempting));
            PeerPtr peer = co_await std::move(attempting);
            co_return peer;
        } catch (const Error& error) {
            if (!isWorthRetrying(error, options)) throw;
            isRoundOver = endpoints.onFailed();
            const bool isLast = isRoundOver && attempt == options.attempts;
            if (isLast && failures.empty()) throw;
            if (!failures.empty()) failures.append("; ");
            failures.append(failureOf(error));
            if (isLast) throw Error(error.code(), failures);
        }
        const Duration pause = isRoundOver ? delay.next() : Duration::zero();
        if (hub->time().until(deadline) <= pause)
            throw Error(make_error_code(Status::ConnectFailed),
                        failures + " (attempt " + std::to_string(attempt) + ", the last in time)");
        if (!isRoundOver) continue;
        failures.clear();
        ++attempt;
        co_await sleepFor(hub, pause);
    }
}

}  // namespace tempeh::flows::detail
