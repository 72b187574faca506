#pragma once

#include "machines/channel_events.hpp"

#include <tempeh/message/binary_header.hpp>
#include <tempeh/message/status.hpp>

#include <cstdint>

namespace tempeh::machines {

/// The life of a channel, decided without a socket, clock or thread: events in, one action out. Rules:
/// docs/wire.md and docs/concepts/lifecycle.md. The engine (core/io_channel.hpp) executes the actions.
class ChannelMachine {
public:
    explicit ChannelMachine(Side side) noexcept
        : side_(side)
        , state_(side == Side::Client ? ChannelState::Connecting : ChannelState::AwaitingHello) {}

    Side side() const noexcept { return side_; }
    ChannelState state() const noexcept { return state_; }

    /// Client: the transport is connected.
    void onConnected() noexcept;

    /// The peer's frame header is in (its body may still be on the way).
    FrameVerdict onFrame(const BinaryHeader& header) noexcept {
        return isPlain(header) ? FrameVerdict{FrameAction::Deliver} : onRareFrame(header);
    }
    /// The common case of onFrame(): a frame to be delivered that changes nothing here.
    bool isPlain(const BinaryHeader& header) const noexcept {
        return state_ == ChannelState::Open && isRegular(header.opCode) && header.messageId != 0;
    }

    /// The application posts; call before queueing.
    PostAction onPost(OpCode opCode) noexcept {
        return isPlain(opCode) ? PostAction::Queue : onRarePost(opCode);
    }
    /// The common case of onPost(): a message to be queued that changes nothing here.
    bool isPlain(OpCode opCode) const noexcept { return lastWord_ == LastWord::None && isRegular(opCode); }

    /// A frame went out whole. True: it was the last of the stream, end it gracefully; what still arrives is
    /// ignored.
    bool onWritten(OpCode opCode) noexcept;
    /// Nothing goes out any more. `mayRead`: the end of what the peer sent will be noticed.
    WriteErrorAction onWriteError(WriteError error, bool mayRead) noexcept;
    EmptyAction onQueueEmpty() const noexcept;

    /// What the peer sent was handed over: the application knows the channel.
    void onDelivered() noexcept { heard_ = Heard::Delivered; }
    /// Our hello, should it go back, has to be kept still.
    bool awaitsFirstDelivery() const noexcept { return heard_ != Heard::Delivered; }

    /// The engine shuts down. False: nothing comes of it.
    bool onDrain() noexcept;
    /// The group is gone.
    DetachAction onDetach() noexcept;
    bool isDetached() const noexcept { return intent_ == Intent::Detach; }

    /// Success while it makes sense to wait for room in the queue; else why not.
    Status checkWait() const noexcept;
    /// May write, as far as this tells.
    bool canWrite() const noexcept { return outbound_ == Outbound::Open; }
    /// A regular message that a thread writes itself changes nothing here.
    bool mayBeWrittenElsewhere() const noexcept {
        return state_ == ChannelState::Open && intent_ == Intent::Serve && outbound_ == Outbound::Open &&
               lastWord_ == LastWord::None;
    }

    /// True while a ByeRequest of the peer's waits for an answer that nobody queued yet.
    bool owesByeResponse() const noexcept { return peerSaidBye_ && lastWord_ != LastWord::Response; }

    /// What a ByeSignal of the peer's means: before it said anything else, that it refuses.
    EndCause endedByPeer() const noexcept {
        return side_ == Side::Client && heard_ == Heard::Nothing ? EndCause::Refused : EndCause::PeerClosed;
    }

    /// The one deadline that applies now.
    DeadlineKind deadline() const noexcept;
    /// A deadline of that kind has passed: what deadline() gave when it was last asked.
    DeadlineVerdict onDeadline(DeadlineKind kind, const DeadlineFacts& facts) const noexcept;

    /// The channel ends; idempotent (the first cause counts). `status` is the reason behind ConnectFailed,
    /// Violation and Failure.
    Ending onEnd(EndCause cause, Status status = Status::Success) noexcept;
    AfterEnd afterEnd() const noexcept;
    /// After onEnd(): a client gave up waiting for an answer to its hello; somebody forgot to serve it.
    bool wasLeftUnanswered(const Exchanged& exchanged) const noexcept;

private:
    /// What of ours ends our direction of the stream.
    enum class LastWord : std::uint8_t { None, Request, Response };
    /// What came of the peer's that was valid.
    enum class Heard : std::uint8_t { Nothing, Something, Delivered };
    /// Failed: the peer takes no more. Over: our ByeResponse is with the kernel.
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
    bool inboundOver_ = false;  // nothing of the peer's counts any more; onEnd() is due
};

}  // namespace tempeh::machines
