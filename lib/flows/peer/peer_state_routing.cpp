// What happens to the messages of a peer's channel, on the hub's loop.

#include "flows/peer/heartbeat_signals.hpp"
#include "flows/peer/message_copy.hpp"
#include "flows/peer/peer_state.hpp"
#include "flows/peer/peer_waits.hpp"
#include "flows/peer/refusal.hpp"
#include "flows/peer/time_left.hpp"
#include "flows/stream/stream_signals.hpp"

#include <tempeh/wire/address.hpp>

#include <new>
#include <optional>
#include <string>
#include <string_view>

namespace tempeh::flows::detail {

namespace {

/// Empty without memory.
std::string copyOf(std::string_view text) noexcept {
    try {
        return std::string(text);
    } catch (const std::bad_alloc&) {
        return {};
    }
}

/// A text header of a notice. Empty without one, and without memory.
std::string textOf(const Message& notice, std::string_view header) noexcept {
    return copyOf(notice.textHeaders.find(header).value_or(""));
}

}  // namespace

void PeerState::onMessage(MessagePtr& message, WokenList& woken) noexcept {
    if (message->isFromEngine()) return onEngineMessage(message, woken);
    ++counts.received;
    const BinaryHeader& header = message->header;
    const MessageId id = header.messageId;
    if (header.opCode == OpCode::HelloResponse) return onHelloResponse(message, woken);
    if (helloPhase_ == HelloPhase::Pending) setHelloPhase(HelloPhase::Done, woken);
    switch (header.opCode) {
        case OpCode::Response:
            if (Exchange* exchange = answers.find(id)) exchange->onMessage(message, woken);
            if (message != nullptr) ++counts.lateAnswers;
            return;
        case OpCode::Signal:
            if (isPong(*message)) return;
            if (isPing(*message)) return answerPing(message);
            if (isCancel(*message)) {
                if (cancelSink != nullptr) cancelSink->onCancel(id, woken);
                return;
            }
            if (Exchange* exchange = answers.find(id)) exchange->onMessage(message, woken);
            break;
        case OpCode::ByeRequest:
            byeSaid_ = true;
            noteByeReason(*message);
            if (sink_ != &inbox) return;  // dropped: the engine answers
            if (!inbox.hasReader) return keepBye(*message, woken);
            break;
        case OpCode::ByeResponse:
            farewell = std::move(message);
            return;
        default:
            break;
    }
    if (message == nullptr) return;
    if (Exchange* stream = streams.find(id)) stream->onMessage(message, woken);
    if (message == nullptr) return;
    if (header.opCode == OpCode::Signal && isStreamControl(*message)) return drop(message);
    if (!unwanted.empty() && unwanted.contains(id)) {
        if (!message->hasMore()) unwanted.erase(id);
        return;
    }
    keep(message, woken);
}

void PeerState::keep(MessagePtr& message, WokenList& woken) noexcept {
    const OpCode opCode = message->header.opCode;
    if (opCode == OpCode::Signal && isUnasked(*message)) return drop(message);
    if (opCode != OpCode::ByeRequest && !mayKeep(message)) return;
    if (message->hasMore() || !unclaimed.empty()) noteUnclaimed(*message);
    sink_->add(std::move(message), *hub_, woken);
}

bool PeerState::mayKeep(MessagePtr& message) noexcept {
    if (!isOverrun && reading.isAtLimit()) overrun("too many messages waited to be received");
    if (!isOverrun && reading.isOverUrgentLimit())
        overrun("too much waited to be received while something else was waited for");
    if (isOverrun) message.reset();
    return !isOverrun;
}

/// Until something receives for the first time: progress that no request wants, once much is waiting; and on
/// the connecting side, which may never receive, any news once there is all that it may find.
bool PeerState::isUnasked(const Message& signal) const noexcept {
    if (sink_->hasReader || signal.hasMore()) return false;
    const MessageId id = signal.header.messageId;
    if (reading.isHalfFull() && (isOwnRequest(id) || answers.find(id) != nullptr)) return true;
    return !isAccepted_ && reading.isFull();
}

void PeerState::drop(MessagePtr& signal) noexcept {
    ++counts.droppedSignals;
    signal.reset();
}

/// A `~reason` in a bye is for whoever finds the channel closed. Other byes carry results, in their bodies.
void PeerState::noteByeReason(const Message& bye) noexcept {
    if (!bye.textHeaders.find(wire::reasonHeader)) return;
    try {
        byeReason_ = "the peer closed it: " + reasonGivenIn(bye);
    } catch (const std::bad_alloc&) {
        return;  // then the engine's reason is told
    }
}

/// Nothing has received yet, and perhaps nothing will. The engine answers at once, and a copy of the bye is
/// kept for a later receiver.
void PeerState::keepBye(const Message& bye, WokenList& woken) noexcept {
    try {
        MessagePtr copy(new Message());
        copyMessage(bye, *copy);
        inbox.add(std::move(copy), *hub_, woken);
    } catch (const std::bad_alloc&) {
        // It is answered anyway.
    }
}

void PeerState::noteUnclaimed(const Message& part) noexcept {
    try {
        if (StreamWindow* window = unclaimed.onPart(part)) tellFirst(*this, part.header.messageId, *window);
    } catch (const std::bad_alloc&) {
        return;  // its writer goes on without a window
    }
}

void PeerState::onReceived(const Message& message) noexcept {
    if (!message.hasMore() || unclaimed.empty()) return;
    std::optional<std::uint64_t> read;
    {
        const HubLock lock(*hub_);
        if (StreamWindow* window = unclaimed.onReceived(message)) read = window->takeDue();
    }
    if (read) tellWriter(shared_from_this(), message.header.messageId, streamReadHeader, *read);
}

void PeerState::overrun(const char* reason) noexcept {
    isOverrun = true;
    overrunReason_ = reason;
    isDoomed_ = true;
    byeSaid_ = true;
    MessagePtr bye = takeLastWord(OpCode::ByeSignal);
    error_code ec;  // it has ended
    group().post(std::move(bye), ec);
}

void PeerState::answerPing(MessagePtr& ping) noexcept {
    error_code ec;
    ping->textHeaders.set(heartbeatHeader, heartbeatPong, ec);
    if (!ec) group().post(std::move(ping), ec);  // without room the queue itself is a sign of life
}

void PeerState::onEngineMessage(MessagePtr& message, WokenList& woken) noexcept {
    const OpCode opCode = message->header.opCode;
    if (opCode == OpCode::HelloResponse) return onHelloResponse(message, woken);
    if (opCode == OpCode::Signal && message->status() == Status::PoolEmpty) return hub_->notePoolEmpty();
    if (message->isChannelClosed()) {
        endPeer_ = textOf(*message, wire::peerHeader);
        std::string reason = std::move(byeReason_);
        if (isOverrun) reason = copyOf(overrunReason_);
        if (reason.empty()) reason = textOf(*message, wire::reasonHeader);
        return end(make_error_code(Status::ChannelClosed), std::move(reason), woken);
    }
    ++counts.returned;
    isDoomed_ = true;
    Exchange* const exchange = opCode == OpCode::Request ? answers.find(message->header.messageId) : nullptr;
    if (exchange != nullptr) exchange->onMessage(message, woken);
    if (message != nullptr && keepsReturned) returned.pushBack(std::move(message));
}

void PeerState::onHelloResponse(MessagePtr& message, WokenList& woken) noexcept {
    if (helloPhase_ != HelloPhase::Pending) return;
    helloStatus = message->header.status;
    if (message->isFromEngine()) {
        helloReason = textOf(*message, wire::reasonHeader);
        return setHelloPhase(HelloPhase::Failed, woken);
    }
    try {
        keepHello(*message);
    } catch (const std::bad_alloc&) {
        helloStatus = static_cast<std::uint8_t>(Status::AllocationFailed);
        return setHelloPhase(HelloPhase::Failed, woken);
    }
    setHelloPhase(helloStatus == 0 ? HelloPhase::Done : HelloPhase::Refused, woken);
}

void PeerState::setHelloPhase(HelloPhase phase, WokenList& woken) noexcept {
    helloPhase_ = phase;
    if (helloWaiter != nullptr) hub_->wake(*helloWaiter, woken);
}

void PeerState::onHubEnd(const error_code& reason, WokenList& woken) noexcept {
    end(reason, {}, woken);
}

void PeerState::end(const error_code& code, std::string reason, WokenList& woken) noexcept {
    endCode_ = code;
    endReason_ = std::move(reason);
    hasEnded_ = true;
    reading.stop();
    if (!hub_->hasEnded()) hub_->removeRoute(channel_);
    inbox.close(code, *hub_, woken);
    if (helloWaiter != nullptr) hub_->wake(*helloWaiter, woken);
    hub_->wakeAll(closers, woken);
    answers.endAll(woken);
    streams.endAll(woken);
}

void PeerState::keepHello(const Message& message) {
    auto copy = std::make_unique<Message>();
    copyMessage(message, *copy);
    hello_ = std::move(copy);
    answersPings_ =
        hello_->textHeaders.find(heartbeatHeader) == (isAccepted_ ? heartbeatOfClient : heartbeatOfServer);
}

}  // namespace tempeh::flows::detail
