#include "testing/timeline.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <tuple>

namespace tempeh::testing::detail {

bool Timeline::isLater(const Entry& a, const Entry& b) noexcept {
    return std::tie(a.when, a.order, a.sequence) > std::tie(b.when, b.order, b.sequence);
}

void Timeline::at(TimePoint when, Action action) {
    order_ = base::Random(order_).next();
    heap_.push_back({std::max(when, now_), order_, ++sequence_, std::move(action)});
    std::push_heap(heap_.begin(), heap_.end(), &isLater);
}

std::optional<TimePoint> Timeline::next() const noexcept {
    return heap_.empty() ? std::nullopt : std::optional(heap_.front().when);
}

void Timeline::runNext() {
    std::pop_heap(heap_.begin(), heap_.end(), &isLater);
    Entry entry = std::move(heap_.back());
    heap_.pop_back();
    now_ = entry.when;
    entry.action();
}

void Timeline::clear() noexcept {
    // Destroying an action may call this object.
    std::vector<Entry> dropped;
    dropped.swap(heap_);
}

}  // namespace tempeh::testing::detail
