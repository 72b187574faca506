#pragma once

#include "machines/end_cause.hpp"

#include <tempeh/message/status.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

/// The events and answers of a ChannelMachine.
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

/// What to do with a frame from the peer.
enum class FrameAction : std::uint8_t {
    Deliver,        ///< Hand it to the group.
    DeliverOweBye,  ///< Hand it over; the application, or failing that the engine, owes one ByeResponse.
    DeliverAndEnd,  ///< Hand it over; it was the last of the stream.
    PeerCloses,     ///< Not for the group; end the channel with endedByPeer().
    Ignore,         ///< It came after the end of the stream, or after a violation.
    Violation,      ///< Close this channel with the status.
};

struct FrameVerdict {
    FrameAction action;
    Status status = Status::Success;
    /// True for a frame that a peer can send only once or twice in the life of a channel: the first frame and
    /// the byes. Such a frame need not wait for other messages to be taken.
    bool isOnce = false;
};

/// What to do with a message that the application posted (it passed checkPost()).
enum class PostAction : std::uint8_t {
    Queue,     ///< Send it in its turn.
    HoldBack,  ///< Our last message is already queued: it comes back when the channel ends (Closed: at once).
    CloseNow,  ///< ByeSignal: end the channel; queued messages come back.
};

/// What the application is told at the end of a channel.
struct Ending {
    bool announce;     ///< A ChannelClosed is due: the application knows the channel and still has its group.
    bool returnHello;  ///< The HelloRequest goes back first, as a failed HelloResponse.
    Status reason;     ///< For people: in the ChannelClosed and in the log.
    Status returnStatus;  ///< For the HelloRequest and for everything queued that comes back.
};

/// What happens to a channel when its queue has been sent.
enum class Intent : std::uint8_t {
    Serve,   ///< It continues.
    Drain,   ///< The engine is shutting down: it ends.
    Detach,  ///< The group has ended: it closes and notifies no one.
};

/// The meaning of a channel's single deadline.
enum class DeadlineKind : std::uint8_t {
    None,
    Connect,   ///< connectTimeout
    Hello,     ///< helloTimeout
    Bye,       ///< byeTimeout, from the last progress
    PeerGone,  ///< byeTimeout: the peer accepts no more data; what it sent is still read
    Linger,    ///< lingerTimeout: the application is no longer served
};

/// What the machine cannot know itself when a deadline passes.
struct DeadlineFacts {
    bool isUnwanted = false;  ///< The application wants nothing to be read.
    bool isDeaf = false;      ///< Nothing is being read, for that or another reason.
    bool hasUnsent = false;   ///< Something waits to be sent.
    bool isLate = false;      ///< This process did not run in time: the peer's data may not be read yet.
};
enum class DeadlineAction : std::uint8_t {
    Nothing,
    Restart,      ///< The time starts again.
    CloseStream,  ///< The channel has already ended.
    End,
};
struct DeadlineVerdict {
    DeadlineAction action = DeadlineAction::Nothing;
    EndCause cause = EndCause::LocalClose;  ///< With End.
};

/// The queue has been sent completely.
enum class EmptyAction : std::uint8_t {
    Nothing,
    End,          ///< EndCause::Shutdown
    CloseGently,  ///< End our direction and wait for the peer to close.
};

enum class DetachAction : std::uint8_t {
    Nothing,
    End,       ///< At once, EndCause::LocalClose: the application never knew of the channel.
    SendRest,  ///< Until the deadline (now Linger) at most; then onQueueEmpty().
};

/// Why a write failed.
enum class WriteError : std::uint8_t {
    Cancelled,  ///< The stream was closed.
    Peer,       ///< The peer accepts no more data.
    Local,      ///< Memory or the operating system.
};
enum class WriteErrorAction : std::uint8_t {
    Nothing,
    AwaitEndOfInput,  ///< What the peer sent before it closed must still be read; the deadline is PeerGone.
    EndOfPeer,        ///< EndCause::PeerClosed
    EndOfFailure,     ///< EndCause::Failure
};

/// What is left to do with the stream of a channel that has ended.
enum class AfterEnd : std::uint8_t {
    Close,
    AwaitPeer,  ///< For byeTimeout: the peer closes when it has read our last message; closing first could
                ///< reset the connection before that.
    SendRest,   ///< For lingerTimeout, if closing now could lose written data.
};

/// What the two sides exchanged.
struct Exchanged {
    std::chrono::steady_clock::duration age{};  ///< of the channel
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
};

}  // namespace tempeh::machines
