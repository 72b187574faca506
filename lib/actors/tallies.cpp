#include "actors/tallies.hpp"

#include "actors/cell.hpp"

#include <algorithm>
#include <new>

namespace tempeh::actors::detail {

void addCounters(const Cell& cell, ActorStats& stats) noexcept {
    const Cell::Counters& counters = cell.counters();
    stats.handled += counters.handled.load(std::memory_order_relaxed);
    stats.failed += counters.failed.load(std::memory_order_relaxed);
    stats.refused += counters.refused.load(std::memory_order_relaxed);
    stats.restarts += counters.restarts.load(std::memory_order_relaxed);
    stats.highWater =
        std::max<std::size_t>(stats.highWater, counters.highWater.load(std::memory_order_relaxed));
}

ActorStats& Tallies::totalsOf(const ActorType& type) {
    if (lastType_ != &type) {
        lastTotals_ = &types_[&type];
        lastType_ = &type;
    }
    return *lastTotals_;
}

void Tallies::noteTimed(const Cell& cell, Duration waited, Duration took) noexcept {
    const base::MutexLock lock(mutex_);
    try {
        ActorStats& sum = totalsOf(*cell.type());
        sum.waited.add(waited);
        sum.inHandlers.add(took);
        if (cell.ownName().empty()) return;
        Times& times = named_[&cell];
        times.waited.add(waited);
        times.inHandlers.add(took);
    } catch (const std::bad_alloc&) {
        return;  // one less in the sample
    }
}

void Tallies::noteOver(const Cell& cell) noexcept {
    if (cell.supervision() != nullptr || cell.type() == nullptr) return;
    const base::MutexLock lock(mutex_);
    if (!cell.ownName().empty()) named_.erase(&cell);
    try {
        addCounters(cell, totalsOf(*cell.type()));
    } catch (const std::bad_alloc&) {
        return;  // what it did is not counted any more
    }
}

void Tallies::addTo(std::map<const ActorType*, ActorStats>& types) const {
    const base::MutexLock lock(mutex_);
    for (const auto& [type, totals] : types_) {
        ActorStats& sum = types[type];
        sum.handled += totals.handled;
        sum.failed += totals.failed;
        sum.refused += totals.refused;
        sum.restarts += totals.restarts;
        sum.highWater = std::max(sum.highWater, totals.highWater);
        sum.inHandlers += totals.inHandlers;
        sum.waited += totals.waited;
    }
}

void Tallies::addTimes(const Cell& cell, ActorStats& stats) const {
    const base::MutexLock lock(mutex_);
    const auto found = named_.find(&cell);
    if (found == named_.end()) return;
    stats.inHandlers += found->second.inHandlers;
    stats.waited += found->second.waited;
}

}  // namespace tempeh::actors::detail
