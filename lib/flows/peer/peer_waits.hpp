#pragma once

#include "flows/peer/peer_state.hpp"

#include <tempeh/flows/peer.hpp>
#include <tempeh/message/message_queue.hpp>

namespace tempeh::flows::detail {

/// Waits for the answer to a hello.
class HelloWait final : public Wait {
public:
    explicit HelloWait(PeerState& peer) noexcept : peer_(peer) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked);
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked) { peer_.helloWaiter = nullptr; }

private:
    PeerState& peer_;
};

/// Waits for the end of the channel.
class CloseWait final : public ListedWait {
public:
    explicit CloseWait(PeerState& peer) noexcept : peer_(peer) {}
    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked);
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked);

    MessagePtr farewell;

private:
    PeerState& peer_;
};

/// Waits for the answer to a request, and for the signals before it.
class RequestWait final : public Wait, public Exchange {
public:
    RequestWait(PeerState& peer, bool wantsSignals) noexcept
        : peer_(peer), wantsSignals_(wantsSignals), need_(peer.reading) {}
    ~RequestWait() {
        if (isOpen_) giveUp(&PeerCounters::failed);
    }

    /// Gives the message an id if it has none, and waits for that id's messages from now on. Throws Error:
    /// InvalidMessageId (in use), the channel's end; std::bad_alloc.
    void open(Message& request) TEMPEH_EXCLUDES(hubLocked);
    /// Ends a request that will not be settled, and counts it.
    void giveUp(std::uint64_t PeerCounters::*counter) noexcept TEMPEH_EXCLUDES(hubLocked);

    /// Settled: passes the signals that have come to `onSignal`, which may throw. Once `deadline` has passed
    /// it becomes min(), and the rest is dropped: a steady flow of signals does not put off the timeout.
    void showProgress(const SignalHandler& onSignal, TimePoint& deadline);
    /// The request itself, if it provably was not sent.
    MessagePtr takeReturned() noexcept TEMPEH_EXCLUDES(hubLocked);

    /// It was opened and has not ended: what settled it may be progress alone.
    bool isOpen() const noexcept { return isOpen_; }
    /// Call it after the end: the answer, null at the timeout. Throws Error if the request failed.
    MessagePtr takeAnswer();

    bool enter() noexcept override TEMPEH_REQUIRES(hubLocked);
    void settle() noexcept override TEMPEH_REQUIRES(hubLocked);
    void onMessage(MessagePtr& message, WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);
    void onEnd(WokenList& woken) noexcept override TEMPEH_REQUIRES(hubLocked);

private:
    /// There is an outcome. Before that there may be progress.
    bool isDone() const noexcept TEMPEH_REQUIRES(hubLocked) {
        return answer_ != nullptr || failure_.failed();
    }
    void leave() noexcept TEMPEH_REQUIRES(hubLocked);
    void takeArrived() noexcept TEMPEH_REQUIRES(hubLocked);

    PeerState& peer_;
    const bool wantsSignals_;
    ReadControl::Need need_;                             // while there is nothing to look at
    MessageQueue arrived_ TEMPEH_GUARDED_BY(hubLocked);  // signals
    MessagePtr answer_ TEMPEH_GUARDED_BY(hubLocked);
    error_code failure_ TEMPEH_GUARDED_BY(hubLocked);
    MessagePtr returned_ TEMPEH_GUARDED_BY(hubLocked);
    // The owner's, taken when it was settled.
    MessageQueue progress_;
    MessagePtr result_;
    error_code problem_;
    bool isUnsent_ = false;
    bool isOpen_ = false;
};

}  // namespace tempeh::flows::detail
