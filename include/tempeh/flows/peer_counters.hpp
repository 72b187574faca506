#pragma once

#include <cstddef>
#include <cstdint>

namespace tempeh::flows {

/// Counters of one Peer since its channel was opened. Every request ends as exactly one of answered,
/// timedOut, failed.
struct PeerCounters {
    std::uint64_t requests = 0;     ///< Sent or tried.
    std::uint64_t answered = 0;     ///< Their Response was delivered.
    std::uint64_t timedOut = 0;     ///< Gave null.
    std::uint64_t failed = 0;       ///< Cancelled, not sent, or the channel ended first.
    std::uint64_t lateAnswers = 0;  ///< Responses that nobody waited for (any more), dropped.
    std::uint64_t received = 0;     ///< Messages of the other side, of every kind.
    std::uint64_t returned = 0;     ///< Posted, and given back unsent by the engine.
    std::size_t inFlight = 0;       ///< Requests that wait for their answer now.
    std::size_t waiting = 0;        ///< Messages that wait for receive() now.
    /// Signals that nobody had asked for and that held nothing up, dropped: see Peer::receive.
    std::uint64_t droppedSignals = 0;
};

}  // namespace tempeh::flows
