#pragma once

#include "flows/hub/hub.hpp"
#include "flows/peer/cancel_sink.hpp"
#include "flows/peer/inbox.hpp"
#include "flows/stream/exchange_table.hpp"
#include "flows/stream/unclaimed_streams.hpp"

#include <tempeh/core/channel_info.hpp>
#include <tempeh/flows/peer_counters.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <unordered_set>

namespace tempeh::flows::detail {

class HelloWait;

class PeerState;
using PeerPtr = std::shared_ptr<PeerState>;

/// How the opening of a channel went.
enum class HelloPhase : std::uint8_t { Pending, Done, Refused, Failed };

/// What the handles of one channel share. Its destructor closes the channel, so it must not run under the
/// hub's lock.
class PeerState final : public Route, public InboxOwner, public std::enable_shared_from_this<PeerState> {
public:
    /// Opens a channel to the address in `hello`. On failure returns null, and the caller keeps the message.
    static PeerPtr open(const HubPtr& hub, MessagePtr& hello, error_code& ec);
    /// A channel that said hello to a listener. Call it on the loop. `maxWaiting`: see ServerOptions.
    static PeerPtr accept(const HubPtr& hub, const Message& hello, std::size_t maxWaiting);

    PeerState(HubPtr hub, HelloPhase phase)
        : InboxOwner(reading)
        , reading(*hub, inbox.backlog())
        , hub_(std::move(hub))
        , isAccepted_(phase == HelloPhase::Done)
        , helloPhase_(phase) {}
    PeerState(const PeerState&) = delete;
    PeerState& operator=(const PeerState&) = delete;
    ~PeerState();

    Hub& hub() const noexcept override { return *hub_; }
    MessageId nextRequestId() const noexcept;
    MessageId nextSignalId() const noexcept;
    const HubPtr& hubPtr() const noexcept { return hub_; }
    ChannelGroup& group() const noexcept { return hub_->group(); }
    ChannelNumber channel() const noexcept { return channel_; }
    bool hasEnded() const noexcept { return hasEnded_.load(std::memory_order_acquire); }
    /// It has ended, or its end is on its way: something came back unsent.
    bool isDoomed() const noexcept { return isDoomed_.load(std::memory_order_acquire) || hasEnded(); }
    /// False: post() fails for good, because the channel or the engine ends.
    bool isOpen() const noexcept { return !isDoomed() && hub_->group().isOpen(); }

    /// Any thread, with the lock or without. On failure, including SendQueueFull, the caller keeps the
    /// message.
    error_code post(MessagePtr& message) noexcept;
    /// Checks that an application may send it on an open channel. Throws Error(InvalidOpCode), NullMessage.
    static void checkSendable(const MessagePtr& message);
    /// For the end of the channel it says why it ended.
    Error errorFor(const error_code& ec) override TEMPEH_EXCLUDES(hubLocked);
    void onReceived(const Message& message) noexcept override TEMPEH_EXCLUDES(hubLocked);
    /// From `~reason` and `~peer` of its ChannelClosed.
    std::string endReason() TEMPEH_EXCLUDES(hubLocked);
    std::string endPeer() TEMPEH_EXCLUDES(hubLocked);
    void abort() noexcept TEMPEH_EXCLUDES(hubLocked);
    /// Says bye unless that was done; makes one if it is null. Throws Error if the bye is invalid; then
    /// nothing was said.
    void sayBye(MessagePtr bye) TEMPEH_EXCLUDES(hubLocked);
    /// This side or the other has said bye: what is sent now may come back.
    bool isSayingBye() TEMPEH_EXCLUDES(hubLocked);
    /// The message as a ByeRequest; makes one if it is null.
    static MessagePtr asBye(MessagePtr bye);
    ChannelInfo info() TEMPEH_EXCLUDES(hubLocked);
    PeerCounters counters() TEMPEH_EXCLUDES(hubLocked);
    /// Keeps what the engine knows of the channel for the time after its end.
    void noteOpened() TEMPEH_EXCLUDES(hubLocked);
    /// Lets receive() end with ShutdownStarted once nothing is left to receive.
    void drain() noexcept TEMPEH_EXCLUDES(hubLocked);
    const std::shared_ptr<const Message>& hello() const noexcept { return hello_; }

    /// As sayBye(), with the result of asBye(). Destroy `dropped` without the lock.
    error_code postBye(MessagePtr& bye, MessageQueue& dropped) noexcept TEMPEH_REQUIRES(hubLocked);

    /// Whether a message may wait here until something takes it. If not, drops it and closes the channel.
    bool mayKeep(MessagePtr& message) noexcept TEMPEH_REQUIRES(hubLocked);
    /// Whether the peer said in its hello that it answers pings.
    bool answersPings() const noexcept TEMPEH_REQUIRES(hubLocked) { return answersPings_; }
    /// Where what nothing else waits for is received.
    Inbox& sink() noexcept TEMPEH_REQUIRES(hubLocked) { return *sink_; }
    /// From now on messages are received at `sink`, those that wait already included. Null: here again.
    void redirect(Inbox* sink, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    void onMessage(MessagePtr& message, WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);
    void onHubEnd(const error_code& reason, WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);
    void onPoolEmpty() noexcept override TEMPEH_REQUIRES(hubLocked) { reading.onPoolEmpty(); }
    const error_code& endCode() const noexcept TEMPEH_REQUIRES(hubLocked) { return endCode_; }

    HelloWait* helloWaiter TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    WaitList closers TEMPEH_GUARDED_BY(hubLocked);
    ExchangeTable answers TEMPEH_GUARDED_BY(hubLocked);  // by the id of our request
    ExchangeTable streams TEMPEH_GUARDED_BY(hubLocked);  // by the id of the peer's Request or Signal
    UnclaimedStreams unclaimed;
    /// Streams of the peer whose rest is dropped.
    std::unordered_set<MessageId> unwanted TEMPEH_GUARDED_BY(hubLocked);
    PeerCounters counts TEMPEH_GUARDED_BY(hubLocked);
    MessagePtr farewell TEMPEH_GUARDED_BY(hubLocked);  // the peer's ByeResponse
    ReadControl reading;
    CancelSink* cancelSink TEMPEH_GUARDED_BY(hubLocked) = nullptr;  // a router's
    bool isOverrun TEMPEH_GUARDED_BY(hubLocked) = false;            // closed because too much waited here
    bool keepsReturned TEMPEH_GUARDED_BY(hubLocked) = false;
    MessageQueue returned TEMPEH_GUARDED_BY(hubLocked);  // what came back unsent, if keepsReturned
    /// The hello's outcome; constant once it is not Pending.
    HelloPhase helloPhase() const noexcept TEMPEH_REQUIRES(hubLocked) { return helloPhase_; }
    std::uint8_t helloStatus TEMPEH_GUARDED_BY(hubLocked) = 0;  // raw when Refused, a Status when Failed
    std::string helloReason TEMPEH_GUARDED_BY(hubLocked);

private:
    bool isOwnRequest(MessageId id) const noexcept;
    bool isUnasked(const Message& signal) const noexcept TEMPEH_REQUIRES(hubLocked);
    void drop(MessagePtr& signal) noexcept TEMPEH_REQUIRES(hubLocked);
    void keep(MessagePtr& message, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    void answerPing(MessagePtr& ping) noexcept;
    void overrun(const char* reason) noexcept TEMPEH_REQUIRES(hubLocked);
    void noteByeReason(const Message& bye) noexcept TEMPEH_REQUIRES(hubLocked);
    void keepBye(const Message& bye, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    void noteUnclaimed(const Message& part) noexcept TEMPEH_REQUIRES(hubLocked);
    void onEngineMessage(MessagePtr& message, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    void onHelloResponse(MessagePtr& message, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    void setHelloPhase(HelloPhase phase, WokenList& woken) noexcept TEMPEH_REQUIRES(hubLocked);
    void end(const error_code& code, std::string reason, WokenList& woken) noexcept
        TEMPEH_REQUIRES(hubLocked);
    MessageQueue takeByeRequests() noexcept TEMPEH_REQUIRES(hubLocked);
    /// The bye that was made with the peer, so that closing needs no memory. Null if it was taken.
    MessagePtr takeLastWord(OpCode opCode) noexcept TEMPEH_REQUIRES(hubLocked);
    void keepHello(const Message& message) TEMPEH_REQUIRES(hubLocked);

    void end() noexcept TEMPEH_EXCLUDES(hubLocked);

    const HubPtr hub_;
    const bool isAccepted_;      // otherwise this side said hello
    ChannelNumber channel_ = 0;  // constant once opened
    HelloPhase helloPhase_ TEMPEH_GUARDED_BY(hubLocked);
    Inbox* sink_ TEMPEH_GUARDED_BY(hubLocked) = &inbox;  // gets what nothing else waits for
    const char* overrunReason_ TEMPEH_GUARDED_BY(hubLocked) = "";
    bool answersPings_ TEMPEH_GUARDED_BY(hubLocked) = false;
    bool byeSaid_ TEMPEH_GUARDED_BY(hubLocked) = false;
    MessagePtr lastWord_ TEMPEH_GUARDED_BY(hubLocked){new Message()};
    std::atomic<bool> hasEnded_{false};  // written under the lock
    std::atomic<bool> isDoomed_{false};
    error_code endCode_ TEMPEH_GUARDED_BY(hubLocked);
    std::string endReason_ TEMPEH_GUARDED_BY(hubLocked);
    std::string byeReason_ TEMPEH_GUARDED_BY(hubLocked);  // what the peer's bye says
    std::string endPeer_ TEMPEH_GUARDED_BY(hubLocked);    // as `~peer`
    ChannelInfo opened_ TEMPEH_GUARDED_BY(hubLocked);
    /// A copy, because a message of the pool must not be kept for long. Constant once the hello is answered;
    /// no handle exists before that.
    std::shared_ptr<const Message> hello_;
};

}  // namespace tempeh::flows::detail
