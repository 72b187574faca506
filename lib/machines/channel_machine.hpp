#pragma once

#include <tempeh/message/binary_header.hpp>
#include <tempeh/message/status.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

/// The life of a channel, decided without a socket, clock or thread: events in, one action out. Rules:
/// docs/wire.md and docs/concepts/lifecycle.md. The engine (core/io_channel.hpp) executes the actions.
namespace tempeh::machines {

/// Which side opened the connection.
enum class Side : std::uint8_t { Client, Server };

enum class ChannelState : std::uint8_t {
    Connecting,     ///< Client: no connection yet; posts queue up.
    HelloSent,      ///< Client: connected, nothing received yet.
    AwaitingHello,  ///< Server: accepted, nothing received yet; unknown to the application.
    Open,           ///< Both may send.
    Ending,         ///< A bye is queued or received; the end of the stream is near.
    Closed,         ///< End of stream, whatever the cause.
};

std::string_view nameOf(ChannelState state) noexcept;

/// What to do with a frame the peer sent.
enum class FrameAction : std::uint8_t {
    Deliver,        ///< Hand it to the group.
    DeliverOweBye,  ///< Hand it over; one ByeResponse is owed, by the application or else by the engine.
    DeliverAndEnd,  ///< Hand it over; it was the last of the stream.
    PeerCloses,     ///< Not for the group; end the channel with endedByPeer().
    Ignore,         ///< After the end of the stream, or after a violation.
    Violation,      ///< Close this channel with the status.
};

struct FrameVerdict {
    FrameAction action;
    Status status = Status::Success;
    /// What a peer can send once or twice in the life of a channel: the first frame and the byes. Such a
    /// frame need not wait for others to be taken.
    bool isOnce = false;
};

/// What to do with a message the application posted (which passed checkPost()).
enum class PostAction : std::uint8_t {
    Queue,     ///< Send it in its turn.
    HoldBack,  ///< Our last word is queued already: it comes back when the channel ends (Closed: at once).
    CloseNow,  ///< ByeSignal: end the channel, what is queued comes back.
};

/// Why a channel ended.
enum class EndCause : std::uint8_t {
    LocalClose,     ///< ByeSignal, or the group is gone.
    ByeDone,        ///< The bye handshake is complete.
    PeerClosed,     ///< The peer closed or reset the connection, or said so with a ByeSignal.
    ConnectFailed,  ///< No connection came about.
    ConnectTimeout,
    HelloTimeout,  ///< Accepted, but no HelloRequest in time.
    ByeTimeout,    ///< No ByeResponse in time.
    Violation,     ///< The peer broke the protocol.
    Failure,       ///< Memory or the operating system.
    Shutdown,      ///< The engine stops.
    FrameTimeout,  ///< A frame of the peer's does not move on.
    WriteTimeout,  ///< The peer takes nothing.
    Refused,       ///< A ByeSignal was the answer to the hello.
};

/// What the application is told at the end of a channel.
struct Ending {
    bool announce;        ///< A ChannelClosed is due (the application knew of the channel).
    bool returnHello;     ///< The HelloRequest goes back first, as a failed HelloResponse.
    Status reason;        ///< For people: in the ChannelClosed and in the log.
    Status returnStatus;  ///< On the HelloRequest and on everything queued that comes back.
};

/// What the engine's one deadline per channel stands for.
enum class DeadlineKind : std::uint8_t { None, Connect, Hello, Bye };

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

    /// True while a ByeRequest of the peer's waits for an answer that nobody queued yet.
    bool owesByeResponse() const noexcept { return peerSaidBye_ && lastWord_ != LastWord::Response; }

    /// What a ByeSignal of the peer's means: before it said anything else, that it refuses.
    EndCause endedByPeer() const noexcept {
        return side_ == Side::Client && !heard_ ? EndCause::Refused : EndCause::PeerClosed;
    }

    /// The one deadline that applies in this state.
    DeadlineKind deadline() const noexcept;

    /// The channel ends; idempotent (the first cause counts). `status` is the reason behind ConnectFailed,
    /// Violation and Failure.
    Ending onEnd(EndCause cause, Status status = Status::Success) noexcept;

private:
    /// What of ours ends our direction of the stream.
    enum class LastWord : std::uint8_t { None, Request, Response };

    FrameVerdict onRareFrame(const BinaryHeader& header) noexcept;
    FrameVerdict judge(const BinaryHeader& header) noexcept;
    FrameVerdict onOpenFrame(OpCode opCode, bool isFirst) noexcept;
    PostAction onRarePost(OpCode opCode) noexcept;
    void endInbound() noexcept;

    Side side_;
    ChannelState state_;
    LastWord lastWord_ = LastWord::None;
    bool peerSaidBye_ = false;
    bool heard_ = false;        // something valid came from the peer
    bool inboundOver_ = false;  // nothing of the peer's counts any more; onEnd() is due
};

/// One line for `~reason`, for example "the peer broke the protocol: InvalidOpCode".
std::string_view describe(EndCause cause) noexcept;

}  // namespace tempeh::machines
