#pragma once

#include "machines/end_cause.hpp"

#include <tempeh/message/status.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

/// What a ChannelMachine is asked, and what it answers.
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

/// What the application is told at the end of a channel.
struct Ending {
    bool announce;        ///< A ChannelClosed is due: the application knows of the channel, and is there.
    bool returnHello;     ///< The HelloRequest goes back first, as a failed HelloResponse.
    Status reason;        ///< For people: in the ChannelClosed and in the log.
    Status returnStatus;  ///< On the HelloRequest and on everything queued that comes back.
};

/// What is to become of a channel when what is queued is sent.
enum class Intent : std::uint8_t {
    Serve,   ///< It goes on.
    Drain,   ///< The engine shuts down: it ends.
    Detach,  ///< The group is gone: it closes and tells nobody.
};

/// What the one deadline of a channel stands for.
enum class DeadlineKind : std::uint8_t {
    None,
    Connect,   ///< connectTimeout
    Hello,     ///< helloTimeout
    Bye,       ///< byeTimeout, from the last progress
    PeerGone,  ///< byeTimeout: the peer takes no more, what it sent is still read
    Linger,    ///< lingerTimeout: nobody is served any more
};

/// What the machine does not know when a deadline passes.
struct DeadlineFacts {
    bool isUnwanted = false;  ///< The application wants nothing to be read.
    bool isDeaf = false;      ///< This side does not read, for that or another reason.
    bool hasUnsent = false;   ///< Something waits to be sent.
    bool isLate = false;  ///< This side did not run when it should have: what the peer sent may not be read.
};
enum class DeadlineAction : std::uint8_t {
    Nothing,
    Restart,      ///< The time begins anew.
    CloseStream,  ///< The channel has ended already.
    End,
};
struct DeadlineVerdict {
    DeadlineAction action = DeadlineAction::Nothing;
    EndCause cause = EndCause::LocalClose;  ///< With End.
};

/// Everything that was queued is sent.
enum class EmptyAction : std::uint8_t {
    Nothing,
    End,          ///< EndCause::Shutdown
    CloseGently,  ///< End our direction, wait for the peer to close.
};

enum class DetachAction : std::uint8_t {
    Nothing,
    End,       ///< At once, EndCause::LocalClose: the application never knew of the channel.
    SendRest,  ///< No longer than the deadline (now Linger); then onQueueEmpty().
};

/// Why something could not be written.
enum class WriteError : std::uint8_t {
    Cancelled,  ///< The stream was closed.
    Peer,       ///< It takes no more.
    Local,      ///< Memory or the operating system.
};
enum class WriteErrorAction : std::uint8_t {
    Nothing,
    AwaitEndOfInput,  ///< What the peer sent before it closed is still to be read; the deadline is PeerGone.
    EndOfPeer,        ///< EndCause::PeerClosed
    EndOfFailure,     ///< EndCause::Failure
};

/// What is left to do with the stream of a channel that has ended.
enum class AfterEnd : std::uint8_t {
    Close,
    AwaitPeer,  ///< For byeTimeout: it closes when it has read our last word; we first could reset the
                ///< connection on the way.
    SendRest,   ///< For lingerTimeout, if closing now could lose what was written.
};

/// What passed between the two sides.
struct Exchanged {
    std::chrono::steady_clock::duration age{};  ///< of the channel
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
};

}  // namespace tempeh::machines
