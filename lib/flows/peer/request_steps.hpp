#pragma once

#include "flows/peer/peer_waits.hpp"

#include <tempeh/flows/peer.hpp>

#include <cstdint>

namespace tempeh::flows::detail {

/// The steps of one request, from its first post to its answer. A coroutine and a thread take the same steps,
/// and wait as each step says.
class RequestSteps {
public:
    enum class Step : std::uint8_t {
        AwaitRoom,    // in the send queue, until deadline(); then onRoom()
        AwaitAnswer,  // for wait() to settle, until deadline(); then onSettled()
        Done,         // finish()
    };

    /// `unsent`, if given, must outlive this, and gets the message if it provably was not sent. Throws Error
    /// for anything but a Request.
    RequestSteps(PeerState& peer, MessagePtr message, Duration timeout, const SignalHandler& onSignal,
                 MessagePtr* unsent = nullptr);
    ~RequestSteps();
    RequestSteps(const RequestSteps&) = delete;
    RequestSteps& operator=(const RequestSteps&) = delete;

    /// The first step. Throws Error.
    Step begin();
    /// False: the deadline passed first. Throws Error.
    Step onRoom(bool hasRoom);
    /// Shows the signals that have come. Throws what `onSignal` throws.
    Step onSettled();
    /// The answer, null at the timeout. Throws Error.
    MessagePtr finish();

    RequestWait& wait() noexcept { return wait_; }
    TimePoint deadline() const noexcept { return deadline_; }

private:
    Step post();

    PeerState& peer_;
    MessagePtr message_;
    const SignalHandler& onSignal_;
    MessagePtr* const unsent_;
    TimePoint deadline_;
    RequestWait wait_;
};

}  // namespace tempeh::flows::detail
