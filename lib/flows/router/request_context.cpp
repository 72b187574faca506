#include "flows/peer/message_copy.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/peer/peer_operations.hpp"
#include "flows/peer/time_left.hpp"
#include "flows/router/routed_peer.hpp"

#include <tempeh/flows/request_context.hpp>
#include <tempeh/wire/address.hpp>

#include <utility>

namespace tempeh::flows {

RequestContext::RequestContext(detail::RoutedPeer& owner, detail::RequestWorker& worker, MessagePtr message)
    : owner_(owner), worker_(worker), peer_(owner.peer()), message_(std::move(message)) {
    if (message_->hasMore()) {
        MessagePtr copy = copied();
        stream_ = StreamReader(peer_, std::exchange(message_, std::move(copy)));
    }
    const detail::RouterState::Route route = owner.router().routeOf(*message_);
    handler_ = route.handler;
    route_ = route.name;
    if (!message_->textHeaders.empty()) trace_ = TraceContext::of(*message_);
}

MessagePtr RequestContext::copied() const {
    MessagePtr copy = peer_.newMessage();
    detail::copyMessage(message(), *copy);
    return copy;
}

StreamReader RequestContext::stream() {
    if (stream_) return std::move(stream_);
    return StreamReader(peer_, copied());
}

void RequestContext::begin() {
    const std::optional<Duration> left = detail::timeLeftOf(*message_);
    if (left && *left != infinite) limitTime(*left);
}

std::string_view RequestContext::peerAddress() const noexcept {
    return owner_.address();
}

Message& RequestContext::message() {
    if (message_ == nullptr) throw Error(Status::NullMessage);
    return *message_;
}

const Message& RequestContext::message() const {
    if (message_ == nullptr) throw Error(Status::NullMessage);
    return *message_;
}

void RequestContext::answer(std::string_view body, std::uint8_t status) {
    Message& response = message();
    response.textHeaders.clear();
    response.body.assign(body);
    response.header.status = status;
    answer_ = Answer::Ready;
}

void RequestContext::answer() {
    message().header.status = 0;
    answer_ = Answer::Ready;
}

void RequestContext::refuse(Status status, std::string_view reason) {
    answer({}, static_cast<std::uint8_t>(status));
    if (!reason.empty()) message_->textHeaders.append(wire::reasonHeader, reason);
}

std::optional<std::uint8_t> RequestContext::answered() const noexcept {
    if (answer_ != Answer::Ready) return std::nullopt;
    return message_->header.status;
}

MessagePtr RequestContext::take() {
    if (message_ == nullptr) throw Error(Status::NullMessage);
    answer_ = Answer::Taken;
    return std::move(message_);
}

Duration RequestContext::timeLeft() const {
    return owner_.time().until(deadline_);
}

TimePoint RequestContext::now() const {
    return owner_.time().now();
}

void RequestContext::limitTime(Timeout time) {
    const TimePoint deadline = owner_.time().after(time);
    if (deadline >= deadline_) return;
    deadline_ = deadline;
    owner_.limitTime(worker_, deadline);
}

Peer RequestContext::inherit(const Peer& other) const {
    Peer heir = trace_ ? other.traced(trace_->child()) : other;
    return detail::PeerAccess::within(std::move(heir), deadline_);
}

asio::awaitable<void> RequestContext::next() {
    const std::vector<RequestHandler>& layers = owner_.router().layers();
    if (nextLayer_ < layers.size()) return layers[nextLayer_++](*this);
    if (handler_ != nullptr) return (*handler_)(*this);
    return refuseUnrouted();
}

asio::awaitable<void> RequestContext::refuseUnrouted() {
    detail::RouterState::count(owner_.router().counts.unrouted);
    refuse(Status::NotImplementedYet, "no handler for this route");
    co_return;
}

}  // namespace tempeh::flows
