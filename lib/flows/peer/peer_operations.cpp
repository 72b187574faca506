#include "flows/peer/peer_operations.hpp"

#include "flows/hub/suspension.hpp"
#include "flows/peer/peer_waits.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace tempeh::flows::detail {

asio::awaitable<bool> postInTime(PeerState& peer, MessagePtr& message, TimePoint deadline) {
    for (;;) {
        error_code ec = peer.post(message);
        if (!ec) co_return true;
        if (ec != Status::SendQueueFull) throw peer.errorFor(ec);
        const Duration left = peer.hub().time().until(deadline);
        bool hasRoom = false;
        try {
            hasRoom = co_await peer.group().waitWritable(peer.channel(), left);
        } catch (const Error& error) {
            ec = error.status() == Status::InvalidChannelNumber ? Status::ChannelClosed : error.code();
        }
        if (ec != Status::SendQueueFull) throw peer.errorFor(ec);
        if (!hasRoom) co_return false;
    }
}

asio::awaitable<void> send(PeerPtr peer, MessagePtr message) {
    PeerState::checkSendable(message);
    const error_code ec = peer->post(message);
    if (!ec) co_return;
    if (ec != Status::SendQueueFull) throw peer->errorFor(ec);
    co_await postInTime(*peer, message, TimePoint::max());
}

asio::awaitable<bool> sendInTime(PeerPtr peer, MessagePtr message, Duration timeout) {
    PeerState::checkSendable(message);
    const TimePoint deadline = peer->hub().time().after(timeout);
    const bool isSent = co_await postInTime(*peer, message, deadline);
    co_return isSent;
}

bool trySend(PeerState& peer, MessagePtr& message) {
    PeerState::checkSendable(message);
    const error_code ec = peer.post(message);
    if (ec && ec != Status::SendQueueFull) throw peer.errorFor(ec);
    return !ec;
}

void sendSoon(const PeerPtr& peer, MessagePtr message) {
    const error_code ec = peer->post(message);
    if (ec != Status::SendQueueFull) return;
    asio::co_spawn(peer->group().executor(), send(peer, std::move(message)), asio::detached);
}

namespace {

/// Hands out what was not sent when a request ends.
class UnsentGuard {
public:
    UnsentGuard(MessagePtr& message, RequestWait& wait, MessagePtr* unsent) noexcept
        : message_(message), wait_(wait), unsent_(unsent) {}
    UnsentGuard(const UnsentGuard&) = delete;
    UnsentGuard& operator=(const UnsentGuard&) = delete;
    ~UnsentGuard() {
        if (unsent_ == nullptr) return;
        *unsent_ = message_ != nullptr ? std::move(message_) : wait_.takeReturned();
    }

private:
    MessagePtr& message_;
    RequestWait& wait_;
    MessagePtr* unsent_;
};

}  // namespace

asio::awaitable<MessagePtr> request(PeerPtr peer, MessagePtr message, Duration timeout,
                                    SignalHandler onSignal, MessagePtr* unsent) {
    requireRequest(message);
    TimePoint deadline = peer->hub().time().after(timeout);
    RequestWait wait(*peer, onSignal != nullptr);
    const UnsentGuard guard(message, wait, unsent);
    wait.open(*message);
    const error_code ec = peer->post(message);
    if (ec && ec != Status::SendQueueFull) throw peer->errorFor(ec);
    if (ec) {
        const bool isSent = co_await postInTime(*peer, message, deadline);
        if (!isSent) {
            wait.giveUp();
            co_return nullptr;
        }
    }
    Suspension suspension(peer->hub(), wait, co_await asio::this_coro::executor);
    while (wait.isEnlisted()) {
        auto heard = suspension.until(deadline);
        co_await std::move(heard);
        wait.showProgress(onSignal, deadline);
    }
    wait.throwFailure();
    co_return std::move(wait.answer);
}

asio::awaitable<MessagePtr> close(PeerPtr peer, MessagePtr bye) {
    peer->sayBye(std::move(bye));
    auto rest = awaitFarewell(std::move(peer));
    MessagePtr farewell = co_await std::move(rest);
    co_return farewell;
}

asio::awaitable<MessagePtr> awaitFarewell(PeerPtr peer) {
    CloseWait wait(*peer);
    Suspension suspension(peer->hub(), wait, co_await asio::this_coro::executor);
    auto closed = suspension.until(TimePoint::max());
    co_await std::move(closed);
    if (wait.ec) throw Error(wait.ec);
    co_return std::move(wait.farewell);
}

void requireRequest(const MessagePtr& message) {
    if (message == nullptr) throw Error(Status::NullMessage);
    const OpCode opCode = message->header.opCode;
    if (opCode != OpCode::Request)
        throw Error(make_error_code(Status::InvalidOpCode), std::string(nameOf(opCode)) + " is no Request");
}

void requireFrom(const PeerState& peer, const Message& request) {
    const ChannelNumber from = request.header.channelNumber;
    if (from == 0 || from == peer.channel()) return;
    throw Error(make_error_code(Status::InvalidChannelNumber), "received on channel " + std::to_string(from) +
                                                                   ", not on this peer's " +
                                                                   std::to_string(peer.channel()));
}

void turnIntoAnswer(Message& message) {
    switch (message.header.opCode) {
        case OpCode::Request:
            message.header.opCode = OpCode::Response;
            break;
        case OpCode::ByeRequest:
            message.header.opCode = OpCode::ByeResponse;
            break;
        default:
            throw Error(make_error_code(Status::InvalidOpCode),
                        std::string(nameOf(message.header.opCode)) + " cannot be answered");
    }
    message.header.more = false;
    message.header.status = 0;
}

void turnIntoAnswer(Message& message, std::string_view body, std::uint8_t status) {
    turnIntoAnswer(message);
    message.header.status = status;
    message.textHeaders.clear();
    message.body.assign(body);
}

}  // namespace tempeh::flows::detail
