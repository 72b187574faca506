#pragma once

#include <tempeh/base/x11_macros.hpp>
#include <tempeh/message/status.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace tempeh {

/// Traffic in one direction. Counts whole frames, and bytes as on the wire.
struct TrafficStats {
    std::uint64_t messages = 0;  ///< Frames.
    std::uint64_t bytes = 0;     ///< Of frames, headers included.
};

/// Messages that came back to their sender instead of being sent, by reason.
class ReturnedStats {
public:
    /// How many came back with that status.
    std::uint64_t operator[](Status status) const noexcept { return counts_[detail::statusIndex(status)]; }
    /// For engines: adds to a count.
    void add(Status status, std::uint64_t count = 1) noexcept {
        counts_[detail::statusIndex(status)] += count;
    }
    /// The total.
    std::uint64_t total() const noexcept {
        std::uint64_t sum = 0;
        for (const std::uint64_t count : counts_)
            sum += count;
        return sum;
    }

private:
    std::array<std::uint64_t, detail::statusCount> counts_{};
};

/// Counters of one channel since it was opened.
struct ChannelStats {
    TrafficStats sent;             ///< Written to the socket.
    TrafficStats received;         ///< Delivered to the group.
    std::uint64_t reads = 0;       ///< Read system calls.
    std::uint64_t writes = 0;      ///< Write system calls.
    std::uint64_t poolPauses = 0;  ///< Times reading stopped because the pool was empty.
    ReturnedStats returned = {};   ///< Posted but not sent. Valid until the ChannelClosed is received.
};

/// Counters of a pool.
struct PoolStats {
    std::uint64_t hits = 0;         ///< Served by reuse.
    std::uint64_t allocations = 0;  ///< Messages made on the heap.
    std::uint64_t misses = 0;       ///< Times PoolOnly found nothing.
    std::uint64_t highWater = 0;    ///< Most messages out at one time.
    std::uint64_t outstanding = 0;  ///< Out now.
    std::uint64_t free = 0;         ///< Waiting for reuse now.
    std::uint64_t limit = 0;        ///< Options::maxPoolMessages.
};

/// Counters of one group since it was made, closed channels included.
struct GroupStats {
    TrafficStats sent;                   ///< Written to sockets.
    TrafficStats received;               ///< Delivered from sockets.
    std::uint64_t wakes = 0;             ///< Times a waiting receiver was woken.
    std::uint64_t poolEmptyNotices = 0;  ///< PoolEmpty messages it got.
    std::size_t channels = 0;            ///< Open now, listeners included.
    std::size_t pending = 0;             ///< Messages that wait to be received now.
    ReturnedStats returned;              ///< Posted but not sent.
    PoolStats pool;                      ///< The engine's pool, which all groups share.
};

/// Counters of an engine since it was made, closed groups and channels included.
struct EngineStats {
    TrafficStats sent;                 ///< Written to sockets.
    TrafficStats received;             ///< Delivered from sockets.
    std::uint64_t reads = 0;           ///< Read system calls.
    std::uint64_t writes = 0;          ///< Write system calls.
    std::uint64_t reactorWakes = 0;    ///< Times another thread had to wake the reactor.
    std::uint64_t receiverWakes = 0;   ///< Times a waiting receiver was woken.
    std::uint64_t connected = 0;       ///< Connections made by HelloRequests.
    std::uint64_t accepted = 0;        ///< Connections accepted.
    std::uint64_t acceptFailures = 0;  ///< Accepts that failed, for example for lack of descriptors.
    std::uint64_t violations = 0;      ///< Channels closed because the peer broke the protocol.
    std::uint64_t helloTimeouts = 0;   ///< Accepted connections that sent no HelloRequest in time.
    /// Accepted connections closed at once: those beyond Options::maxConnectionsPerListener, and those beyond
    /// Options::maxConnectionsPerPeer, maxHandshakesPerPeer or maxAcceptsPerSecondPerPeer.
    std::uint64_t refusedByListener = 0;
    std::uint64_t refusedByPeer = 0;
    std::uint64_t droppedHandshakes = 0;  ///< Closed for newer ones: Options::maxHandshakesPerListener.
    std::uint64_t frameTimeouts = 0;      ///< Channels ended in the middle of a frame: Options::frameTimeout.
    std::uint64_t writeTimeouts = 0;      ///< Channels ended because the peer took nothing.
    std::size_t keptInputBytes = 0;       ///< Read but not decoded yet, of channels that are not read now.
    std::size_t channels = 0;             ///< Open now.
    std::size_t groups = 0;               ///< Open now.
    PoolStats pool;                       ///< The pool of its messages.
    ReturnedStats returned;               ///< Posted but not sent.
};

}  // namespace tempeh
