#pragma once

#include "base/random.hpp"

#include <tempeh/flows/endpoints.hpp>
#include <tempeh/flows/reconnecting_peer.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace tempeh::flows::detail {

/// Which of several addresses of one peer is tried next. A round tries each of them once. Knows no time: the
/// caller pauses after a round.
class EndpointRotation {
public:
    EndpointRotation(std::size_t count, EndpointOrder order, std::uint64_t seed) : order_(count) {
        std::iota(order_.begin(), order_.end(), std::size_t{0});
        if (order != EndpointOrder::Shuffled) return;
        base::Random random(seed);
        for (std::size_t left = count; left > 1; --left)
            std::swap(order_[left - 1], order_[random.below(static_cast<std::uint32_t>(left))]);
    }

    /// The address to try now.
    std::size_t current() const noexcept { return order_[place_]; }
    /// How many addresses are left in this round, the current one included.
    std::size_t left() const noexcept { return order_.size() - failed_; }

    /// The current one failed. True: all have, the round is over.
    bool onFailed() noexcept {
        place_ = (place_ + 1) % order_.size();
        ++failed_;
        if (failed_ != order_.size()) return false;
        failed_ = 0;
        return true;
    }
    /// The current one worked for a while, and was lost. The next round begins.
    void onLost(Failover failover) noexcept {
        failed_ = 0;
        if (failover == Failover::BackToFirst) place_ = 0;
    }

private:
    std::vector<std::size_t> order_;
    std::size_t place_ = 0;
    std::size_t failed_ = 0;  // in this round
};

}  // namespace tempeh::flows::detail
