#pragma once

#include "flows/peer/peer_state.hpp"

#include <tempeh/flows/peer.hpp>
#include <tempeh/message/message_queue.hpp>

namespace tempeh::flows::detail {

/// The answer to a hello.
class HelloWait final : public Wait {
public:
    explicit HelloWait(PeerState& peer) noexcept : peer_(peer) {}
    bool enter() noexcept override;
    void settle() noexcept override { peer_.helloWaiter = nullptr; }

private:
    PeerState& peer_;
};

/// The end of the channel.
class CloseWait final : public ListedWait {
public:
    explicit CloseWait(PeerState& peer) noexcept : peer_(peer) {}
    bool enter() noexcept override;
    void settle() noexcept override;

    MessagePtr farewell;

private:
    PeerState& peer_;
};

/// The answer to a request, and the signals on the way there.
class RequestWait final : public Wait, public Exchange {
public:
    RequestWait(PeerState& peer, bool wantsSignals) noexcept
        : peer_(peer), wantsSignals_(wantsSignals), need_(peer.reading) {}
    ~RequestWait();

    /// Gives the message an id where it has none and waits for that id's messages from now on. Throws Error:
    /// InvalidMessageId (taken), the channel's end; std::bad_alloc.
    void open(Message& request);
    /// Nothing was sent: as if it had never been opened, but counted.
    void giveUp() noexcept;

    /// Settled: gives the signals that have come to `onSignal`, which may throw. Once `deadline` has passed
    /// it becomes min(), and the rest is dropped: a steady flow of signals puts no timeout off.
    void showProgress(const SignalHandler& onSignal, TimePoint& deadline);
    /// The request itself when it provably was not sent. Takes the lock.
    MessagePtr takeReturned() noexcept;

    /// Once settled: throws Error if it failed.
    void throwFailure() const;

    bool enter() noexcept override;
    void settle() noexcept override TEMPEH_REQUIRES(peer_.hub().mutex());
    void onMessage(MessagePtr& message, WokenList& woken) noexcept override
        TEMPEH_REQUIRES(peer_.hub().mutex());
    void onEnd(WokenList& woken) noexcept override TEMPEH_REQUIRES(peer_.hub().mutex());

    /// Settled for good; before that there may be progress.
    bool isDone() const noexcept { return answer != nullptr || failure.failed(); }

    MessagePtr answer;
    error_code failure;

private:
    void leave() noexcept TEMPEH_REQUIRES(peer_.hub().mutex());
    void takeArrived() noexcept;

    PeerState& peer_;
    const bool wantsSignals_;
    ReadControl::Need need_;  // while there is nothing to look at
    MessageQueue arrived_;    // signals; under the lock until the wait is settled
    MessageQueue progress_;   // the owner's: those that were there when it was
    MessagePtr returned_;
};

}  // namespace tempeh::flows::detail
