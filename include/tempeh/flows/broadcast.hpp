#pragma once

#include <tempeh/flows/peer.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace tempeh::flows {

/// Who a broadcast is for. Runs on the caller's thread; must not throw.
using PeerFilter = std::function<bool(const Peer& peer)>;

/// How a broadcast went. Peers whose channel had ended, or was about to, count as neither.
struct Broadcast {
    std::size_t taken = 0;  ///< Peers in whose send queue the message is now.
    /// Peers whose send queue was full: they did not get the message. The caller decides whether to close
    /// them. Keeping a Peer keeps its channel open.
    std::vector<Peer> tooSlow;
};

}  // namespace tempeh::flows
