#pragma once

#include <tempeh/actors/stats.hpp>
#include <tempeh/base/detail/mutex.hpp>

#include <map>
#include <unordered_map>

namespace tempeh::actors::detail {

class Cell;
struct ActorType;

/// What the statistics of a worker's actors need beyond the counters of the living ones: the sums of those
/// that ended, and how long a sample of the messages waited and took. Any thread.
class Tallies {
public:
    /// A message of the sample was handled.
    void noteTimed(const Cell& cell, Duration waited, Duration took) noexcept TEMPEH_EXCLUDES(mutex_);
    /// An actor has ended for good.
    void noteOver(const Cell& cell) noexcept TEMPEH_EXCLUDES(mutex_);
    void addTo(std::map<const ActorType*, ActorStats>& types) const TEMPEH_EXCLUDES(mutex_);
    /// The times of a living actor that has a name.
    void addTimes(const Cell& cell, ActorStats& stats) const TEMPEH_EXCLUDES(mutex_);

private:
    struct Times {
        Histogram inHandlers;
        Histogram waited;
    };
    /// Of the actors that ended; the histograms are of the living, too.
    ActorStats& totalsOf(const ActorType& type) TEMPEH_REQUIRES(mutex_);

    mutable base::Mutex mutex_;
    std::unordered_map<const ActorType*, ActorStats> types_ TEMPEH_GUARDED_BY(mutex_);
    const ActorType* lastType_ TEMPEH_GUARDED_BY(mutex_) = nullptr;
    ActorStats* lastTotals_ TEMPEH_GUARDED_BY(mutex_) = nullptr;
    std::unordered_map<const Cell*, Times> named_ TEMPEH_GUARDED_BY(mutex_);
};

/// Adds what the cell itself counts.
void addCounters(const Cell& cell, ActorStats& stats) noexcept;

}  // namespace tempeh::actors::detail
