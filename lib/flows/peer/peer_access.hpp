#pragma once

#include <tempeh/flows/peer.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace tempeh::flows::detail {

/// Gives the rest of flows access to what a Peer holds.
class PeerAccess {
public:
    static Peer make(std::shared_ptr<PeerState> state) noexcept { return Peer(std::move(state)); }
    /// Throws Error(InvalidChannelNumber) for an empty handle.
    static const std::shared_ptr<PeerState>& state(const Peer& peer) { return peer.state(); }
    /// Puts the trace context of the handle on the message, if it has one. Throws std::bad_alloc.
    static void mark(const Peer& peer, Message& message) { peer.mark(message); }
    /// The same handle for requests that end by then, and tell it.
    static Peer within(Peer peer, TimePoint deadline) noexcept {
        peer.deadline_ = std::min(peer.deadline_, deadline);
        peer.isTimed_ = true;
        return peer;
    }
    static bool isTimed(const Peer& peer) noexcept { return peer.isTimed_; }
    static Timeout limited(const Peer& peer, Timeout timeout) { return peer.limited(timeout); }
};

}  // namespace tempeh::flows::detail
