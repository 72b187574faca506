#pragma once

#include "flows/hub/hub.hpp"
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

/// What the handles of one channel share. Destroying it closes the channel, so never under the hub's lock.
class PeerState final : public Route, public InboxOwner, public std::enable_shared_from_this<PeerState> {
public:
    /// Opens a channel to where `hello` says. On failure null, and the caller keeps the message.
    static PeerPtr open(const HubPtr& hub, MessagePtr& hello, error_code& ec);
    /// A channel that has said hello to a listener. On the loop.
    static PeerPtr accept(const HubPtr& hub, const Message& hello);

    PeerState(HubPtr hub, HelloPhase phase)
        : reading(*hub, inbox.backlog())
        , hub_(std::move(hub))
        , isAccepted_(phase == HelloPhase::Done)
        , helloPhase_(phase) {
        inbox.startWith(reading);
    }
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
    /// False: post() fails for good, because the channel ends or the engine does.
    bool isOpen() const noexcept { return !isDoomed() && hub_->group().isOpen(); }

    /// Any thread, no lock held. On failure the caller keeps the message; SendQueueFull is one.
    error_code post(MessagePtr& message) noexcept;
    /// Whether an application may send it on an open channel. Throws Error(InvalidOpCode), NullMessage.
    static void checkSendable(const MessagePtr& message);
    /// For the end of the channel says why it ended.
    Error errorFor(const error_code& ec) override;
    void onReceived(const Message& message) noexcept override;
    /// As `~reason` and `~peer` of its ChannelClosed.
    std::string endReason();
    std::string endPeer();
    void abort() noexcept;
    /// Says bye unless somebody did; a null one is made. Throws Error for what is wrong with it: then nothing
    /// was said.
    void sayBye(MessagePtr bye);
    /// The message as a ByeRequest; a null one is made.
    static MessagePtr asBye(MessagePtr bye);
    ChannelInfo info();
    PeerCounters counters();
    /// Keeps what the engine knows of the channel for the time after its end.
    void noteOpened();
    /// Lets receive() end with ShutdownStarted when nothing is left to receive.
    void drain() noexcept;
    const std::shared_ptr<const Message>& hello() const noexcept { return hello_; }

    // --- Lock held ---

    /// As sayBye(), of what asBye() gave. `dropped` is to go without the lock.
    error_code postBye(MessagePtr& bye, MessageQueue& dropped) noexcept;

    /// Whether a message may wait here for whoever takes it. Else it is dropped, and the channel closed.
    bool mayKeep(MessagePtr& message) noexcept;
    /// Whether it said in its hello that it answers pings.
    bool answersPings() const noexcept { return answersPings_; }
    /// Whoever receives does so there from now on, what waits already included; null: here again.
    void redirect(Inbox* sink, WokenList& woken) noexcept TEMPEH_REQUIRES(hub().mutex());
    void onMessage(MessagePtr& message, WokenList& woken) noexcept override TEMPEH_REQUIRES(hub_->mutex());
    void onHubEnd(const error_code& reason, WokenList& woken) noexcept override
        TEMPEH_REQUIRES(hub_->mutex());
    void onPoolEmpty() noexcept override { reading.onPoolEmpty(); }
    const error_code& endCode() const noexcept { return endCode_; }

    HelloWait* helloWaiter = nullptr;
    WaitList closers;
    ExchangeTable answers;  // by the id of our request
    ExchangeTable streams;  // by the id of the other side's Request or Signal
    UnclaimedStreams unclaimed;
    std::unordered_set<MessageId> unwanted;  // streams of the other side whose rest is dropped
    PeerCounters counts;
    MessagePtr farewell;  // the peer's ByeResponse
    ReadControl reading;
    bool isOverrun = false;  // closed because too much waited here
    bool keepsReturned = false;
    MessageQueue returned;  // what came back unsent, with keepsReturned
    // The hello's outcome; constant once helloPhase() is not Pending.
    HelloPhase helloPhase() const noexcept { return helloPhase_; }
    std::uint8_t helloStatus = 0;  // raw when Refused, a Status when Failed
    std::string helloReason;

private:
    bool isOwnRequest(MessageId id) const noexcept;
    bool isUnasked(const Message& signal) const noexcept;
    void drop(MessagePtr& signal) noexcept;
    void keep(MessagePtr& message, WokenList& woken) noexcept TEMPEH_REQUIRES(hub_->mutex());
    void answerPing(MessagePtr& ping) noexcept;
    void overrun(const char* reason) noexcept;
    void keepBye(const Message& bye, WokenList& woken) noexcept TEMPEH_REQUIRES(hub_->mutex());
    void noteUnclaimed(const Message& part) noexcept;
    void onEngineMessage(MessagePtr& message, WokenList& woken) noexcept TEMPEH_REQUIRES(hub_->mutex());
    void onHelloResponse(MessagePtr& message, WokenList& woken) noexcept TEMPEH_REQUIRES(hub_->mutex());
    void setHelloPhase(HelloPhase phase, WokenList& woken) noexcept TEMPEH_REQUIRES(hub_->mutex());
    void end(const error_code& code, std::string reason, WokenList& woken) noexcept
        TEMPEH_REQUIRES(hub_->mutex());
    MessageQueue takeByeRequests() noexcept;
    /// Lock held. The bye that is made with the peer, so that it can be closed without memory; null when it
    /// was taken.
    MessagePtr takeLastWord(OpCode opCode) noexcept;
    void keepHello(const Message& message);

    const HubPtr hub_;
    const bool isAccepted_;  // else this side said hello
    ChannelNumber channel_ = 0;
    HelloPhase helloPhase_;
    Inbox* sink_ = &inbox;  // where to whatever nobody else waits for goes
    const char* overrunReason_ = "";
    bool answersPings_ = false;
    bool byeSaid_ = false;
    MessagePtr lastWord_{new Message()};
    std::atomic<bool> hasEnded_{false};  // written under the lock
    std::atomic<bool> isDoomed_{false};
    error_code endCode_;
    std::string endReason_;
    std::string endPeer_;  // as `~peer`
    ChannelInfo opened_;
    std::shared_ptr<const Message> hello_;  // a copy: kept for long, which a message of the pool must not be
};

}  // namespace tempeh::flows::detail
