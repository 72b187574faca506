#pragma once

#include "machines/channel_events.hpp"

#include <tempeh/message/binary_header.hpp>
#include <tempeh/message/status.hpp>

#include <cstdint>

namespace tempeh::machines {

/// The life cycle of a channel, decided without a socket, clock or thread: events in, one action out. Rules:
/// docs/wire.md and docs/concepts/lifecycle.md. The engine (core/channel/io_channel.hpp) executes the
/// actions.
class ChannelMachine {
public:
    explicit ChannelMachine(Side side) noexcept
        : side_(side)
        , state_(side == Side::Client ? ChannelState::Connecting : ChannelState::AwaitingHello) {}

    Side side() const noexcept { return side_; }
    ChannelState state() const noexcept { return state_; }

    /// Client: the transport is connected.
    void onConnected() noexcept;

    /// The header of a peer's frame has arrived (its body may still be in flight).
    FrameVerdict onFrame(const BinaryHeader& header) noexcept {
        return isPlain(header) ? FrameVerdict{FrameAction::Deliver} : onRareFrame(header);
    }
    /// The common case of onFrame(): a frame to deliver that changes no state here.
    bool isPlain(const BinaryHeader& header) const noexcept {
        return state_ == ChannelState::Open && isRegular(header.opCode) && header.messageId != 0;
    }

    /// The application posts; call before queueing.
    PostAction onPost(OpCode opCode) noexcept {
        return isPlain(opCode) ? PostAction::Queue : onRarePost(opCode);
    }
    /// The common case of onPost(): a message to queue that changes no state here.
    bool isPlain(OpCode opCode) const noexcept { return lastWord_ == LastWord::None && isRegular(opCode); }

    /// A frame was sent completely. True: it was the last of the stream, end it gracefully; later input is
    /// ignored.
    bool onWritten(OpCode opCode) noexcept;
    /// Nothing can be sent any more. `mayRead`: the end of the peer's data will be noticed.
    WriteErrorAction onWriteError(WriteError error, bool mayRead) noexcept;
    EmptyAction onQueueEmpty() const noexcept;

    /// Data from the peer was delivered: the application knows the channel.
    void onDelivered() noexcept { heard_ = Heard::Delivered; }
    /// Our hello must be kept, because it may have to come back.
    bool awaitsFirstDelivery() const noexcept { return heard_ != Heard::Delivered; }

    /// The engine is shutting down. False: nothing to do.
    bool onDrain() noexcept;
    /// The group has ended.
    DetachAction onDetach() noexcept;
    bool isDetached() const noexcept { return intent_ == Intent::Detach; }

    /// Success while it makes sense to wait for room in the queue; otherwise why not.
    Status checkWait() const noexcept;
    /// Whether writing is allowed, as far as this machine can tell.
    bool canWrite() const noexcept { return outbound_ == Outbound::Open; }
    /// Whether a regular message that a thread writes itself changes no state here.
    bool mayBeWrittenElsewhere() const noexcept {
        return state_ == ChannelState::Open && intent_ == Intent::Serve && outbound_ == Outbound::Open &&
               lastWord_ == LastWord::None;
    }

    /// True while a ByeRequest from the peer waits for an answer that has not been queued.
    bool owesByeResponse() const noexcept { return peerSaidBye_ && lastWord_ != LastWord::Response; }

    /// The meaning of a ByeSignal from the peer: a refusal if it said nothing else before.
    EndCause endedByPeer() const noexcept {
        return side_ == Side::Client && heard_ == Heard::Nothing ? EndCause::Refused : EndCause::PeerClosed;
    }

    /// The deadline that applies now.
    DeadlineKind deadline() const noexcept;
    /// A deadline has passed, of the kind that deadline() returned when it was last called.
    DeadlineVerdict onDeadline(DeadlineKind kind, const DeadlineFacts& facts) const noexcept;

    /// The channel ends; idempotent (the first cause counts). `status` is the reason for ConnectFailed,
    /// Violation and Failure.
    Ending onEnd(EndCause cause, Status status = Status::Success) noexcept;
    AfterEnd afterEnd() const noexcept;
    /// After onEnd(): true for a client that gave up waiting for an answer to its hello, which the
    /// application forgot to serve.
    bool wasLeftUnanswered(const Exchanged& exchanged) const noexcept;

private:
    /// Which of our messages ended our direction of the stream.
    enum class LastWord : std::uint8_t { None, Request, Response };
    /// The valid input so far.
    enum class Heard : std::uint8_t { Nothing, Something, Delivered };
    /// Failed: the peer accepts no more data. Over: our ByeResponse is with the kernel.
    enum class Outbound : std::uint8_t { Open, Failed, Over };

    FrameVerdict onRareFrame(const BinaryHeader& header) noexcept;
    FrameVerdict judge(const BinaryHeader& header) noexcept;
    FrameVerdict onOpenFrame(OpCode opCode, bool isFirst) noexcept;
    PostAction onRarePost(OpCode opCode) noexcept;
    void endInbound() noexcept;
    DeadlineKind deadlineOfState() const noexcept;

    Side side_;
    ChannelState state_;
    LastWord lastWord_ = LastWord::None;
    Intent intent_ = Intent::Serve;
    Heard heard_ = Heard::Nothing;
    Outbound outbound_ = Outbound::Open;
    EndCause endCause_ = EndCause::LocalClose;  // once Closed
    bool peerSaidBye_ = false;
    bool inboundOver_ = false;  // later input does not count; onEnd() is due
};

}  // namespace tempeh::machines
