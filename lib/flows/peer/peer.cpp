#include "flows/peer/error_detail.hpp"
#include "flows/peer/peer_operations.hpp"
#include "flows/peer/time_left.hpp"

#include <tempeh/flows/peer.hpp>

#include <algorithm>
#include <utility>

namespace tempeh::flows {

Peer::Peer(std::shared_ptr<detail::PeerState> state) noexcept : state_(std::move(state)) {}

const std::shared_ptr<detail::PeerState>& Peer::state() const {
    if (state_ == nullptr) throw detail::emptyHandle("Peer");
    return state_;
}

asio::awaitable<void> Peer::send(MessagePtr message) const {
    return detail::send(state(), marked(std::move(message)));
}

asio::awaitable<bool> Peer::send(MessagePtr message, Timeout timeout) const {
    return detail::sendInTime(state(), marked(std::move(message)), timeout);
}

bool Peer::trySend(MessagePtr&& message) const {
    const detail::PeerPtr& peer = state();
    if (message != nullptr) mark(*message);
    return detail::trySend(*peer, message);
}

asio::awaitable<MessagePtr> Peer::receive(Timeout timeout) const {
    return detail::receiveFrom(state(), timeout);
}

asio::awaitable<MessagePtr> Peer::receive(Timeout timeout, error_code& ec) const {
    return detail::receiveFrom(state(), timeout, ec);
}

asio::awaitable<MessagePtr> Peer::request(MessagePtr message, Timeout timeout) const {
    if (isTimed_) return detail::timedRequest(state(), marked(std::move(message)), limited(timeout), nullptr);
    return detail::request(state(), marked(std::move(message)), timeout, nullptr);
}

asio::awaitable<MessagePtr> Peer::request(MessagePtr message, Timeout timeout, SignalHandler onSignal) const {
    if (isTimed_)
        return detail::timedRequest(state(), marked(std::move(message)), limited(timeout),
                                    std::move(onSignal));
    return detail::request(state(), marked(std::move(message)), timeout, std::move(onSignal));
}

asio::awaitable<void> Peer::respond(MessagePtr request) const {
    if (request == nullptr) throw Error(Status::NullMessage);
    detail::requireFrom(*state(), *request);
    detail::turnIntoAnswer(*request);
    return detail::send(state(), marked(std::move(request)));
}

asio::awaitable<void> Peer::respond(MessagePtr request, std::string_view body, std::uint8_t status) const {
    if (request == nullptr) throw Error(Status::NullMessage);
    detail::requireFrom(*state(), *request);
    detail::turnIntoAnswer(*request, body, status);
    return detail::send(state(), marked(std::move(request)));
}

asio::awaitable<MessagePtr> Peer::close(MessagePtr bye) const {
    return detail::close(state(), marked(std::move(bye)));
}

void Peer::mark(Message& message) const {
    if (trace_ != nullptr) trace_->addTo(message);
}

MessagePtr Peer::marked(MessagePtr message) const {
    if (message != nullptr) mark(*message);
    return message;
}

Peer Peer::traced(const TraceContext& context) const {
    (void)state();  // throws for an empty handle
    Peer peer(*this);
    peer.trace_ = std::make_shared<const TraceContext>(context);
    return peer;
}

Peer Peer::traced(const Message& request) const {
    (void)state();
    const std::optional<TraceContext> context = TraceContext::of(request);
    return context ? traced(context->child()) : *this;
}

Peer Peer::timed() const {
    (void)state();
    Peer peer(*this);
    peer.isTimed_ = true;
    return peer;
}

Timeout Peer::limited(Timeout timeout) const {
    if (deadline_ == TimePoint::max()) return timeout;
    return std::min<Duration>(timeout, state_->hub().time().until(deadline_));
}

void Peer::pauseReading() const {
    detail::PeerState& peer = *state();
    const detail::HubLock lock(peer.hub());
    peer.reading.hold(true);
}

void Peer::resumeReading() const {
    detail::PeerState& peer = *state();
    const detail::HubLock lock(peer.hub());
    peer.reading.hold(false);
}

void Peer::abort() const noexcept {
    if (state_ != nullptr) state_->abort();
}

ChannelInfo Peer::info() const {
    return state()->info();
}

PeerCounters Peer::counters() const {
    return state()->counters();
}

bool Peer::isOpen() const noexcept {
    return state_ != nullptr && state_->isOpen();
}

std::string Peer::endReason() const {
    return state()->endReason();
}

ChannelNumber Peer::channel() const {
    return state()->channel();
}

const Message* Peer::hello() const {
    return state()->hello().get();
}

MessagePtr Peer::newMessage(OpCode opCode) const {
    return state()->hub().newMessage(opCode);
}

MessagePtr Peer::newMessage(OpCode opCode, std::string_view body) const {
    return state()->hub().newMessage(opCode, body);
}

asio::any_io_executor Peer::executor() const {
    return state()->group().executor();
}

asio::awaitable<void> Peer::sleep(Timeout duration) const {
    return detail::sleepFor(state()->hubPtr(), duration);
}

}  // namespace tempeh::flows
