#include "machines/channel_machine.hpp"

namespace tempeh::machines {

void ChannelMachine::onConnected() noexcept {
    if (state_ == ChannelState::Connecting) state_ = ChannelState::HelloSent;
}

namespace {

/// What makes a frame invalid in any state.
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
    // tofu turns any received message into one, so nothing else in its header is significant.
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
    if (heard_ == Heard::Nothing) heard_ = Heard::Something;
    const bool isFirst = state_ == ChannelState::AwaitingHello || state_ == ChannelState::HelloSent;
    // Our bye may have been sent before the peer said anything: its deadline then continues.
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
    // After a write error nothing has been written, whatever the caller believes.
    if (opCode != OpCode::ByeResponse || outbound_ == Outbound::Failed) return false;
    endInbound();
    outbound_ = Outbound::Over;
    return true;
}

WriteErrorAction ChannelMachine::onWriteError(WriteError error, bool mayRead) noexcept {
    if (state_ == ChannelState::Closed || error == WriteError::Cancelled) return WriteErrorAction::Nothing;
    if (error == WriteError::Local) return WriteErrorAction::EndOfFailure;
    outbound_ = Outbound::Failed;
    return mayRead ? WriteErrorAction::AwaitEndOfInput : WriteErrorAction::EndOfPeer;
}

EmptyAction ChannelMachine::onQueueEmpty() const noexcept {
    if (state_ == ChannelState::Closed) return EmptyAction::Nothing;
    switch (intent_) {
        case Intent::Serve:
            return EmptyAction::Nothing;
        case Intent::Drain:
            return EmptyAction::End;
        case Intent::Detach:
            break;
    }
    return EmptyAction::CloseGently;
}

bool ChannelMachine::onDrain() noexcept {
    if (state_ == ChannelState::Closed || intent_ == Intent::Detach) return false;
    intent_ = Intent::Drain;
    return true;
}

DetachAction ChannelMachine::onDetach() noexcept {
    const bool isKnown = side_ == Side::Client || heard_ == Heard::Delivered;
    const bool isNews = state_ != ChannelState::Closed && intent_ != Intent::Detach;
    if (isNews && !isKnown) return DetachAction::End;
    intent_ = Intent::Detach;  // also after the end: nobody is left to be notified
    return isNews ? DetachAction::SendRest : DetachAction::Nothing;
}

Status ChannelMachine::checkWait() const noexcept {
    if (state_ == ChannelState::Closed || outbound_ != Outbound::Open) return Status::ChannelClosed;
    return intent_ == Intent::Detach ? Status::InvalidChannelGroup : Status::Success;
}

DeadlineKind ChannelMachine::deadline() const noexcept {
    if (state_ == ChannelState::Closed) return DeadlineKind::None;
    if (intent_ == Intent::Detach) return DeadlineKind::Linger;
    return outbound_ == Outbound::Failed ? DeadlineKind::PeerGone : deadlineOfState();
}

DeadlineKind ChannelMachine::deadlineOfState() const noexcept {
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

DeadlineVerdict ChannelMachine::onDeadline(DeadlineKind kind, const DeadlineFacts& facts) const noexcept {
    if (state_ == ChannelState::Closed) return {DeadlineAction::CloseStream};
    if (kind == DeadlineKind::None) return {};
    if (kind == DeadlineKind::Linger) return {DeadlineAction::End, EndCause::LocalClose};
    // While the application pauses reading, it decides how long the peer's data may wait. But the pool may
    // lack just the messages that wait in this channel's own queue: both sides would then wait for each other
    // for ever.
    const bool isStuck = kind == DeadlineKind::PeerGone || facts.hasUnsent;
    const bool isOwnDoing = isStuck ? facts.isUnwanted : facts.isDeaf;
    const bool waitsForPeer = kind == DeadlineKind::Bye || kind == DeadlineKind::PeerGone;
    if (facts.isLate || (isOwnDoing && waitsForPeer)) return {DeadlineAction::Restart};
    switch (kind) {
        case DeadlineKind::Connect:
            return {DeadlineAction::End, EndCause::ConnectTimeout};
        case DeadlineKind::Hello:
            return {DeadlineAction::End, EndCause::HelloTimeout};
        case DeadlineKind::Bye:
            return {DeadlineAction::End, EndCause::ByeTimeout};
        default:
            return {DeadlineAction::End, EndCause::PeerClosed};
    }
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

/// The application asked for these itself, so a pending hello has not failed.
bool isLocal(EndCause cause) noexcept {
    return cause == EndCause::LocalClose || cause == EndCause::ByeDone;
}

}  // namespace

Ending ChannelMachine::onEnd(EndCause cause, Status status) noexcept {
    const bool isKnown = side_ == Side::Client || heard_ == Heard::Delivered;
    const bool helloUnsent = state_ == ChannelState::Connecting;
    // For the application, an answer that was cut off in the middle, or that waited for the pool, does not
    // count.
    const bool helloUnanswered = side_ == Side::Client && heard_ != Heard::Delivered;
    const bool first = state_ != ChannelState::Closed;
    if (first) endCause_ = cause;
    state_ = ChannelState::Closed;
    lastWord_ = LastWord::Response;  // nothing can be queued or owed any more
    const Status reason = statusOf(cause, status);
    return {.announce = first && isKnown && intent_ != Intent::Detach,
            .returnHello = first && helloUnanswered && (helloUnsent || !isLocal(cause)),
            .reason = reason,
            .returnStatus = isLocal(cause) ? Status::Returned : reason};
}

AfterEnd ChannelMachine::afterEnd() const noexcept {
    if (outbound_ == Outbound::Over) return AfterEnd::AwaitPeer;
    return endCause_ == EndCause::Shutdown ? AfterEnd::SendRest : AfterEnd::Close;
}

bool ChannelMachine::wasLeftUnanswered(const Exchanged& exchanged) const noexcept {
    constexpr std::chrono::seconds patience(1);
    return side_ == Side::Server && endCause_ == EndCause::PeerClosed && exchanged.age >= patience &&
           exchanged.sent == 0 && exchanged.received == 1;
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

}  // namespace tempeh::machines
