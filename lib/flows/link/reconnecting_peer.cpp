#include "flows/hub/suspension.hpp"
#include "flows/link/reconnect_core.hpp"
#include "flows/link/reconnect_waits.hpp"
#include "flows/peer/message_copy.hpp"
#include "flows/peer/peer_access.hpp"
#include "flows/peer/peer_operations.hpp"
#include "flows/peer/refusal.hpp"

#include <tempeh/flows/reconnecting_peer.hpp>

namespace tempeh::flows {

namespace detail {

namespace {

constexpr std::string_view idempotencyKeyHeader = "idempotency-key";

}  // namespace

Error ReconnectCore::errorFor(const error_code& ec) {
    const HubLock lock(*hub_);
    return ec == endCode_ ? Error(ec, endReason_) : Error(ec);
}

void ReconnectCore::onReceived(const Message& message) noexcept {
    if (!message.hasMore()) return;  // nothing is paced by it
    if (const PeerPtr peer = current()) peer->onReceived(message);
}

void ReconnectCore::throwFor(const error_code& ec) {
    std::shared_ptr<const Message> refusal;
    std::size_t refusing = 0;
    {
        const HubLock lock(*hub_);
        if (ec == endCode_) refusal = refusal_;
        refusing = refusing_;
    }
    if (refusal != nullptr) throw Refused(hello_.address(refusing), std::move(refusal));
    throw errorFor(ec);
}

std::string ReconnectCore::endReason() {
    const HubLock lock(*hub_);
    if (refusal_ != nullptr) return refusalDetail(hello_.address(refusing_), *refusal_);
    return endReason_;
}

LinkState ReconnectCore::state() {
    const HubLock lock(*hub_);
    return state_;
}

ReconnectCounters ReconnectCore::counters() {
    const HubLock lock(*hub_);
    return counts_;
}

PeerPtr ReconnectCore::current() {
    const HubLock lock(*hub_);
    return peer_;
}

asio::awaitable<PeerPtr> ReconnectCore::connection(ReconnectPtr self, TimePoint deadline) {
    ConnectionWait wait(*self);
    Suspension suspension(*self->hub_, wait, co_await asio::this_coro::executor);
    // A connection may be lost again before everything that waited for it has seen it.
    while (wait.peer == nullptr && !wait.hasTimedOut()) {
        auto connected = suspension.until(deadline);
        co_await std::move(connected);
        if (wait.ec) throw Error(wait.ec);
        if (wait.end) self->throwFor(wait.end);
    }
    co_return std::move(wait.peer);
}

asio::awaitable<MessagePtr> ReconnectCore::request(ReconnectPtr self, MessagePtr message, Duration timeout,
                                                   SignalHandler onSignal) {
    requireRequest(message);
    const TimePoint deadline = self->hub_->time().after(timeout);
    self->prepare(*message);
    RequestTally tally(*self);
    for (std::uint32_t resends = 0;;) {
        const PeerPtr peer = co_await connection(self, deadline);
        MessagePtr copy;
        if (peer == nullptr) {
            tally.setEnd(nullptr);
            co_return nullptr;
        }
        copy = self->copyFor(*message, resends);
        MessagePtr unsent;
        std::exception_ptr failure;
        try {
            MessagePtr answer = co_await detail::request(
                peer, std::move(message), self->hub_->time().until(deadline), onSignal, &unsent);
            tally.setEnd(answer);
            co_return answer;
        } catch (const Error& error) {
            const bool isLost = error.status() == Status::ChannelClosed || unsent != nullptr;
            if (!isLost || !peer->isDoomed()) throw;
            failure = std::current_exception();
        }
        if (unsent == nullptr) ++resends;
        message = unsent != nullptr ? std::move(unsent) : self->paidFor(std::move(copy));
        if (message == nullptr) std::rethrow_exception(failure);
        tally.addSentAgain();
    }
}

void ReconnectCore::prepare(Message& request) const {
    if (request.header.messageId == 0) request.header.messageId = hub_->nextId();
    if (keys_.empty() || request.textHeaders.find(idempotencyKeyHeader)) return;
    request.textHeaders.append(idempotencyKeyHeader, keys_ + std::to_string(request.header.messageId));
}

MessagePtr ReconnectCore::copyFor(const Message& request, std::uint32_t resends) const {
    if (!sendsAgain_ || resends >= maxResends_) return nullptr;
    MessagePtr copy = hub_->engine().get();
    copyMessage(request, *copy);
    return copy;
}

MessagePtr ReconnectCore::paidFor(MessagePtr copy) noexcept {
    if (!sendsAgain_) return nullptr;
    const HubLock lock(*hub_);
    if (copy != nullptr && budget_.take()) return copy;
    ++(copy == nullptr ? counts_.overResent : counts_.overBudget);
    return nullptr;
}

void ReconnectCore::noteStreamAnswered() noexcept {
    const HubLock lock(*hub_);
    budget_.onAnswer();
}

asio::awaitable<StreamReader> ReconnectCore::requestStream(ReconnectPtr self, MessagePtr message,
                                                           Duration timeout) {
    requireRequest(message);
    const TimePoint deadline = self->hub_->time().after(timeout);
    self->prepare(*message);
    for (std::uint32_t resends = 0;; ++resends) {
        const PeerPtr peer = co_await connection(self, deadline);
        if (peer == nullptr) co_return StreamReader();
        MessagePtr copy = self->copyFor(*message, resends);
        std::exception_ptr failure;
        try {
            auto asking = flows::requestStream(PeerAccess::make(peer), std::move(message),
                                               self->hub_->time().until(deadline));
            StreamReader reader = co_await std::move(asking);
            if (reader) self->noteStreamAnswered();
            co_return reader;
        } catch (const Error& error) {
            if (error.status() != Status::ChannelClosed || !peer->isDoomed()) throw;
            failure = std::current_exception();
        }
        message = self->paidFor(std::move(copy));
        if (message == nullptr) std::rethrow_exception(failure);
    }
}

ChannelInfo ReconnectCore::info() {
    if (const PeerPtr peer = current()) return peer->info();
    ChannelInfo info;
    info.peerAddress = hello_.allAddresses();
    info.state = state() == LinkState::Closed ? ChannelPhase::Closed : ChannelPhase::Opening;
    return info;
}

bool ReconnectCore::trySend(MessagePtr& message) {
    PeerState::checkSendable(message);
    const PeerPtr peer = current();
    const error_code ec = peer != nullptr ? peer->post(message) : make_error_code(Status::ChannelClosed);
    if (!ec) return true;
    if (ec == Status::SendQueueFull) return false;
    if (ec != Status::ChannelClosed) throw Error(ec);
    error_code end;
    {
        const HubLock lock(*hub_);
        if (state_ == LinkState::Closed) end = inbox.end;
    }
    if (end) throwFor(end);
    return false;
}

asio::awaitable<bool> ReconnectCore::send(ReconnectPtr self, MessagePtr message, TimePoint deadline) {
    PeerState::checkSendable(message);
    for (;;) {
        const PeerPtr peer = co_await connection(self, deadline);
        if (peer == nullptr) co_return false;
        try {
            const bool isSent = co_await postInTime(*peer, message, deadline);
            co_return isSent;
        } catch (const Error& error) {
            const bool isLost = error.status() == Status::ChannelClosed && peer->isDoomed();
            if (!isLost || message == nullptr) throw;
        }
    }
}

void ReconnectCore::beginClosing(PeerState& peer, MessagePtr bye) {
    bye = PeerState::asBye(std::move(bye));
    MessageQueue dropped;
    error_code ec;
    {
        const HubLock lock(*hub_);
        ec = peer.postBye(bye, dropped);
        if (!ec) markStopping();
    }
    if (ec) throw peer.errorFor(ec);
}

asio::awaitable<MessagePtr> ReconnectCore::close(ReconnectPtr self, MessagePtr bye) {
    const PeerPtr peer = self->current();
    MessagePtr farewell;
    if (peer != nullptr) {
        self->beginClosing(*peer, std::move(bye));
        farewell = co_await awaitFarewell(peer);
    }
    self->stop();
    bool isOver = false;
    while (!isOver) {
        EndWait wait(*self);
        Suspension suspension(*self->hub_, wait, co_await asio::this_coro::executor);
        auto ended = suspension.until(TimePoint::max());
        co_await std::move(ended);
        if (wait.ec) throw Error(wait.ec);
        isOver = wait.isOver;
    }
    co_return farewell;
}

namespace {

asio::awaitable<void> sendWithoutLimit(ReconnectPtr core, MessagePtr message) {
    const bool isSent = co_await ReconnectCore::send(std::move(core), std::move(message), TimePoint::max());
    (void)isSent;
}

asio::awaitable<Peer> connectedPeer(ReconnectPtr core, TimePoint deadline) {
    PeerPtr peer = co_await ReconnectCore::connection(std::move(core), deadline);
    co_return peer != nullptr ? PeerAccess::make(std::move(peer)) : Peer();
}

asio::awaitable<bool> awaitConnection(ReconnectPtr core, TimePoint deadline) {
    const PeerPtr peer = co_await ReconnectCore::connection(std::move(core), deadline);
    co_return peer != nullptr;
}

}  // namespace

}  // namespace detail

ReconnectingPeer::ReconnectingPeer(Ampe& engine, const Address& address, ReconnectOptions options)
    : core_(detail::ReconnectCore::start(engine, std::span<const Address>(&address, 1), options)) {}

ReconnectingPeer::ReconnectingPeer(Ampe& engine, const Endpoints& addresses, ReconnectOptions options)
    : core_(detail::ReconnectCore::start(engine, addresses.addresses(), options)) {}

const std::shared_ptr<detail::ReconnectCore>& ReconnectingPeer::core() const {
    if (core_ == nullptr) throw Error(Status::InvalidChannelGroup);
    return core_;
}

asio::awaitable<MessagePtr> ReconnectingPeer::request(MessagePtr message, Timeout timeout) const {
    return request(std::move(message), timeout, nullptr);
}

asio::awaitable<MessagePtr> ReconnectingPeer::request(MessagePtr message, Timeout timeout,
                                                      SignalHandler onSignal) const {
    asio::awaitable<MessagePtr> requesting =
        detail::ReconnectCore::request(core(), std::move(message), timeout, std::move(onSignal));
    if (core()->breaker()) return core()->breaker()->run(std::move(requesting));
    return requesting;
}

asio::awaitable<void> ReconnectingPeer::send(MessagePtr message) const {
    return detail::sendWithoutLimit(core(), std::move(message));
}

asio::awaitable<bool> ReconnectingPeer::send(MessagePtr message, Duration timeout) const {
    return detail::ReconnectCore::send(core(), std::move(message), core()->hub().time().after(timeout));
}

bool ReconnectingPeer::trySend(MessagePtr&& message) const {
    return core()->trySend(message);
}

asio::awaitable<void> ReconnectingPeer::respond(MessagePtr request) const {
    if (request == nullptr) throw Error(Status::NullMessage);
    const ChannelNumber cameFrom = request->header.channelNumber;
    detail::turnIntoAnswer(*request);
    detail::PeerPtr peer = core()->current();
    if (peer == nullptr || peer->channel() != cameFrom) throw Error(Status::ChannelClosed);
    return detail::send(std::move(peer), std::move(request));
}

asio::awaitable<MessagePtr> ReconnectingPeer::receive(Timeout timeout) const {
    return detail::receiveFrom(core(), timeout);
}

asio::awaitable<MessagePtr> ReconnectingPeer::receive(Timeout timeout, error_code& ec) const {
    return detail::receiveFrom(core(), timeout, ec);
}

std::string ReconnectingPeer::endReason() const {
    return core()->endReason();
}

asio::awaitable<bool> ReconnectingPeer::connected(Timeout timeout) const {
    return detail::awaitConnection(core(), core()->hub().time().after(timeout));
}

asio::awaitable<Peer> ReconnectingPeer::connection(Timeout timeout) const {
    return detail::connectedPeer(core(), core()->hub().time().after(timeout));
}

void ReconnectingPeer::abort() const noexcept {
    if (core_ != nullptr) core_->abort();
}

ChannelInfo ReconnectingPeer::info() const {
    return core()->info();
}

asio::awaitable<StreamReader> ReconnectingPeer::requestStream(MessagePtr request, Timeout timeout) const {
    return detail::ReconnectCore::requestStream(core(), std::move(request), timeout);
}

asio::awaitable<MessagePtr> ReconnectingPeer::close(MessagePtr bye) const {
    return detail::ReconnectCore::close(core(), std::move(bye));
}

LinkState ReconnectingPeer::state() const {
    return core()->state();
}

ReconnectCounters ReconnectingPeer::counters() const {
    return core()->counters();
}

MessagePtr ReconnectingPeer::newMessage(OpCode opCode) const {
    return core()->hub().newMessage(opCode);
}

MessagePtr ReconnectingPeer::newMessage(OpCode opCode, std::string_view body) const {
    return core()->hub().newMessage(opCode, body);
}

asio::any_io_executor ReconnectingPeer::executor() const {
    return core()->hub().group().executor();
}

asio::awaitable<void> ReconnectingPeer::sleep(Timeout duration) const {
    return detail::sleepFor(core()->hubPtr(), duration);
}

}  // namespace tempeh::flows
