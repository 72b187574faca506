#pragma once

#include <cstddef>
#include <cstdint>

namespace tempeh::flows {

/// Counters of one Peer since its channel was opened. Every request ends as exactly one of answered, timedOut
/// and failed.
struct PeerCounters {
    std::uint64_t requests = 0;     ///< Sent or tried.
    std::uint64_t answered = 0;     ///< Their Response was delivered.
    std::uint64_t timedOut = 0;     ///< Ended at their timeout.
    std::uint64_t failed = 0;       ///< Cancelled, not sent, or the channel ended first.
    std::uint64_t lateAnswers = 0;  ///< Responses dropped because nothing waited for them.
    std::uint64_t received = 0;     ///< Messages from the peer, of every kind.
    std::uint64_t returned = 0;     ///< Messages that the engine gave back unsent.
    std::size_t inFlight = 0;       ///< Requests that wait for their answer now.
    std::size_t waiting = 0;        ///< Messages that wait for receive() now.
    /// Signals that no request asked for and that were dropped instead of held: see Peer::receive().
    std::uint64_t droppedSignals = 0;
};

}  // namespace tempeh::flows
