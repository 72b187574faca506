#include "flows/peer/peer_operations.hpp"

#include "flows/hub/suspension.hpp"
#include "flows/peer/request_steps.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace tempeh::flows::detail {

namespace {

/// Waits for room in the send queue. False: the deadline passed first. Throws Error.
asio::awaitable<bool> roomFor(PeerState& peer, TimePoint deadline) {
    error_code ec;
    bool hasRoom = false;
    try {
        hasRoom = co_await peer.group().waitWritable(peer.channel(), peer.hub().time().until(deadline));
    } catch (const Error& error) {
        ec = error.status() == Status::InvalidChannelNumber ? Status::ChannelClosed : error.code();
    }
    if (ec) throw peer.errorFor(ec);
    co_return hasRoom;
}

}  // namespace

asio::awaitable<bool> postInTime(PeerState& peer, MessagePtr& message, TimePoint deadline) {
    for (;;) {
        const error_code ec = peer.post(message);
        if (!ec) co_return true;
        if (ec != Status::SendQueueFull) throw peer.errorFor(ec);
        const bool hasRoom = co_await roomFor(peer, deadline);
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

asio::awaitable<MessagePtr> request(PeerPtr peer, MessagePtr message, Duration timeout,
                                    SignalHandler onSignal, MessagePtr* unsent) {
    using Step = RequestSteps::Step;
    RequestSteps steps(*peer, std::move(message), timeout, onSignal, unsent);
    Step step = steps.begin();
    Suspension suspension(peer->hub(), steps.wait(), co_await asio::this_coro::executor);
    while (step != Step::Done) {
        if (step == Step::AwaitAnswer) {
            auto settled = suspension.until(steps.deadline());
            co_await std::move(settled);
            step = steps.onSettled();
        } else {
            const bool hasRoom = co_await roomFor(*peer, steps.deadline());
            step = steps.onRoom(hasRoom);
        }
    }
    co_return steps.finish();
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
