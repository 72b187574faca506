#include "machines/channel_machine.hpp"

namespace tempeh::machines {

void ChannelMachine::onConnected() noexcept {
    if (state_ == ChannelState::Connecting) state_ = ChannelState::HelloSent;
}

namespace {

/// What makes a frame wrong in any state.
Status checkHeader(const BinaryHeader& header) noexcept {
    if (!isKnown(header.opCode) || !crossesTheWire(header.opCode)) return Status::InvalidOpCode;
    if (header.more && !isRegular(header.opCode)) return Status::InvalidMoreUsage;
    if (header.messageId == 0) return Status::InvalidMessageId;
    return Status::Success;
}

}  // namespace

FrameVerdict ChannelMachine::onRareFrame(const BinaryHeader& header) noexcept {
    if (state_ == ChannelState::Closed || inboundOver_) return {FrameAction::Ignore};
    const FrameVerdict verdict = judge(header);
    const bool isLast = verdict.action == FrameAction::Violation ||
                        verdict.action == FrameAction::PeerCloses ||
                        verdict.action == FrameAction::DeliverAndEnd;
    if (isLast) endInbound();
    return verdict;
}

FrameVerdict ChannelMachine::judge(const BinaryHeader& header) noexcept {
    // tofu makes one of any message it received, so nothing else in its header means anything.
    if (header.opCode == OpCode::ByeSignal && state_ != ChannelState::Connecting)
        return {FrameAction::PeerCloses};
    if (const Status wrong = checkHeader(header); wrong != Status::Success)
        return {FrameAction::Violation, wrong};
    const OpCode opCode = header.opCode;
    if (state_ == ChannelState::Connecting) return {FrameAction::Violation, Status::InvalidMessage};
    if ((opCode == OpCode::HelloRequest) != (state_ == ChannelState::AwaitingHello))
        return {FrameAction::Violation, Status::InvalidOpCode};
    const bool answersOurBye = opCode == OpCode::ByeResponse && lastWord_ == LastWord::Request;
    if (state_ == ChannelState::HelloSent && opCode == OpCode::ByeResponse && !answersOurBye)
        return {FrameAction::Violation, Status::InvalidOpCode};
    heard_ = true;
    const bool isFirst = state_ == ChannelState::AwaitingHello || state_ == ChannelState::HelloSent;
    // A bye of ours may have gone out before the peer said anything: then its deadline goes on.
    if (isFirst) state_ = lastWord_ == LastWord::None ? ChannelState::Open : ChannelState::Ending;
    return onOpenFrame(opCode, isFirst);
}

FrameVerdict ChannelMachine::onOpenFrame(OpCode opCode, bool isFirst) noexcept {
    if (opCode == OpCode::ByeResponse) return {FrameAction::DeliverAndEnd, Status::Success, true};
    if (opCode != OpCode::ByeRequest) return {FrameAction::Deliver, Status::Success, isFirst};
    const bool owesAlready = peerSaidBye_;
    peerSaidBye_ = true;
    state_ = ChannelState::Ending;
    const bool owes = !owesAlready && owesByeResponse();
    return {owes ? FrameAction::DeliverOweBye : FrameAction::Deliver, Status::Success, !owesAlready};
}

void ChannelMachine::endInbound() noexcept {
    inboundOver_ = true;
    if (state_ == ChannelState::Open) state_ = ChannelState::Ending;  // off the fast path
}

PostAction ChannelMachine::onRarePost(OpCode opCode) noexcept {
    if (opCode == OpCode::ByeSignal) return PostAction::CloseNow;
    if (state_ == ChannelState::Closed || lastWord_ == LastWord::Response) return PostAction::HoldBack;
    if (lastWord_ == LastWord::Request && opCode != OpCode::ByeResponse) return PostAction::HoldBack;
    if (opCode == OpCode::ByeRequest || opCode == OpCode::ByeResponse) {
        lastWord_ = opCode == OpCode::ByeRequest ? LastWord::Request : LastWord::Response;
        if (state_ == ChannelState::Open) state_ = ChannelState::Ending;
    }
    return PostAction::Queue;
}

bool ChannelMachine::onWritten(OpCode opCode) noexcept {
    if (opCode != OpCode::ByeResponse) return false;
    endInbound();
    return true;
}

DeadlineKind ChannelMachine::deadline() const noexcept {
    switch (state_) {
        case ChannelState::Connecting:
            return DeadlineKind::Connect;
        case ChannelState::AwaitingHello:
            return DeadlineKind::Hello;
        case ChannelState::Ending:
            return DeadlineKind::Bye;
        case ChannelState::HelloSent:
            return lastWord_ == LastWord::None ? DeadlineKind::None : DeadlineKind::Bye;
        case ChannelState::Open:
        case ChannelState::Closed:
            break;
    }
    return DeadlineKind::None;
}

namespace {

Status statusOf(EndCause cause, Status status) noexcept {
    switch (cause) {
        case EndCause::LocalClose:
        case EndCause::ByeDone:
            return Status::ChannelClosed;
        case EndCause::PeerClosed:
            return Status::PeerDisconnected;
        case EndCause::ConnectTimeout:
            return Status::ConnectFailed;
        case EndCause::ConnectFailed:
            return status == Status::Success ? Status::ConnectFailed : status;
        case EndCause::Refused:
            return Status::NotAllowed;
        case EndCause::HelloTimeout:
        case EndCause::ByeTimeout:
        case EndCause::FrameTimeout:
        case EndCause::WriteTimeout:
            return Status::CommunicationFailed;
        case EndCause::Shutdown:
            return Status::ShutdownStarted;
        case EndCause::Violation:
        case EndCause::Failure:
            break;
    }
    return status == Status::Success ? Status::CommunicationFailed : status;
}

/// The application asked for these itself, so a hello on its way is no failure.
bool isLocal(EndCause cause) noexcept {
    return cause == EndCause::LocalClose || cause == EndCause::ByeDone;
}

}  // namespace

Ending ChannelMachine::onEnd(EndCause cause, Status status) noexcept {
    const bool known = side_ == Side::Client || heard_;
    const bool helloUnsent = state_ == ChannelState::Connecting;
    const bool helloUnanswered = side_ == Side::Client && !heard_;
    const bool first = state_ != ChannelState::Closed;
    state_ = ChannelState::Closed;
    lastWord_ = LastWord::Response;  // nothing can be queued or owed any more
    const Status reason = statusOf(cause, status);
    return {.announce = first && known,
            .returnHello = first && helloUnanswered && (helloUnsent || !isLocal(cause)),
            .reason = reason,
            .returnStatus = isLocal(cause) ? Status::Returned : reason};
}

std::string_view nameOf(ChannelState state) noexcept {
    switch (state) {
        case ChannelState::Connecting:
            return "Connecting";
        case ChannelState::HelloSent:
            return "HelloSent";
        case ChannelState::AwaitingHello:
            return "AwaitingHello";
        case ChannelState::Open:
            return "Open";
        case ChannelState::Ending:
            return "Ending";
        case ChannelState::Closed:
            return "Closed";
    }
    return "unknown";
}

std::string_view describe(EndCause cause) noexcept {
    switch (cause) {
        case EndCause::LocalClose:
            return "closed by this side";
        case EndCause::ByeDone:
            return "bye exchanged";
        case EndCause::PeerClosed:
            return "the peer closed the connection";
        case EndCause::ConnectFailed:
            return "no connection";
        case EndCause::ConnectTimeout:
            return "no connection within connectTimeout";
        case EndCause::HelloTimeout:
            return "no HelloRequest within helloTimeout";
        case EndCause::ByeTimeout:
            return "no ByeResponse within byeTimeout";
        case EndCause::Violation:
            return "the peer broke the protocol";
        case EndCause::Failure:
            return "local failure";
        case EndCause::Shutdown:
            return "the engine shut down";
        case EndCause::FrameTimeout:
            return "a frame did not move on within frameTimeout";
        case EndCause::WriteTimeout:
            return "the peer took nothing within writeTimeout";
        case EndCause::Refused:
            return "the peer refused the hello";
    }
    return "unknown";
}

}  // namespace tempeh::machines
