#include "machines/accept_rate.hpp"

namespace tempeh::machines {

bool PeerRates::take(std::string_view peer, TokenBucket::Time now) {
    if (!isLimited()) return true;
    const auto known = peers_.find(peer);
    if (known != peers_.end()) return known->second.take(rate_, now);
    // Looking through all of them is paid for by as many that come before it happens again.
    if (peers_.size() >= most && others_.isFull(now))
        std::erase_if(peers_, [now](const auto& entry) { return entry.second.isFull(now); });
    if (peers_.size() >= most) return others_.take(rate_, now);
    return peers_[std::string(peer)].take(rate_, now);
}

}  // namespace tempeh::machines
