#include "machines/connect_race.hpp"

#include <algorithm>

namespace tempeh::machines {

ConnectRace::Step ConnectRace::next(TimePoint now) noexcept {
    const bool isAnyLeft = started_ != candidates_;
    if (isAnyLeft && (running_.empty() || now >= nextStart_)) {
        if (running_.size() == mostAtOnce) {
            const std::size_t oldest = running_.front();
            running_.erase(running_.begin());
            return {Action::GiveUp, oldest};
        }
        running_.push_back(started_);
        nextStart_ = now + stagger;
        return {Action::Start, started_++};
    }
    if (running_.empty()) return {Action::Lost};
    return {Action::Wait, 0, isAnyLeft ? nextStart_ : TimePoint::max()};
}

void ConnectRace::onFailed(std::size_t candidate) noexcept {
    if (std::erase(running_, candidate) != 0) nextStart_ = TimePoint::min();
}

std::vector<std::size_t> interleavedByFamily(std::span<const int> families) {
    std::vector<std::size_t> first;
    std::vector<std::size_t> other;
    for (std::size_t i = 0; i != families.size(); ++i)
        (families[i] == families.front() ? first : other).push_back(i);
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i != std::max(first.size(), other.size()); ++i) {
        if (i < first.size()) order.push_back(first[i]);
        if (i < other.size()) order.push_back(other[i]);
    }
    return order;
}

}  // namespace tempeh::machines
