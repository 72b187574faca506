#pragma once

#include <tempeh/base/duration.hpp>
#include <tempeh/base/export.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tempeh::actors {

/// How long something took, as counts in buckets that double: the first is for less than a nanosecond, the
/// last for more than four minutes. A plain value.
class Histogram {
public:
    /// How many ranges of times it tells apart.
    static constexpr std::size_t buckets = 40;

    /// The bucket of a length.
    static constexpr std::size_t bucketOf(Duration length) noexcept {
        if (length <= Duration::zero()) return 0;
        const auto nanoseconds =
            static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(length).count());
        const auto bits = static_cast<std::size_t>(std::bit_width(nanoseconds));
        return bits < buckets ? bits : buckets - 1;
    }
    /// Longer than everything in that bucket, but the last.
    static constexpr Duration limitOf(std::size_t bucket) noexcept {
        return std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(std::int64_t{1} << bucket));
    }

    /// Counts a time.
    void add(Duration length, std::uint64_t times = 1) noexcept {
        counts_[bucketOf(length)] += times;
        count_ += times;
    }
    /// Counts times by the number of their range.
    void addBucket(std::size_t bucket, std::uint64_t times) noexcept {
        counts_[bucket] += times;
        count_ += times;
    }
    /// Adds what the other one counted.
    Histogram& operator+=(const Histogram& other) noexcept;

    /// How many lengths were added.
    std::uint64_t count() const noexcept { return count_; }
    std::uint64_t inBucket(std::size_t bucket) const noexcept { return counts_[bucket]; }
    /// The length that this part of them, 0 to 1, does not exceed: the upper end of its bucket, so at most
    /// twice too long. Zero if it is empty.
    TEMPEH_ACTORS_EXPORT Duration percentile(double part) const noexcept;

private:
    std::array<std::uint64_t, buckets> counts_{};
    std::uint64_t count_ = 0;
};

/// What one actor, or all actors of one class, have done.
struct ActorStats {
    std::string name = {};      ///< Empty for a class.
    std::string type = {};      ///< The class.
    std::size_t alive = 0;      ///< Actors that live now.
    std::uint64_t handled = 0;  ///< Messages handled, refusals among them.
    std::uint64_t failed = 0;   ///< Messages in whose handler the actor failed.
    std::uint64_t refused = 0;  ///< Messages that the full mailbox did not take.
    /// How often it was started again.
    std::uint64_t restarts = 0;
    std::size_t depth = 0;      ///< Messages that wait now.
    std::size_t highWater = 0;  ///< The most that have waited in one mailbox.
    Histogram inHandlers = {};  ///< How long handlers took. A sample of the messages.
    Histogram waited = {};      ///< How long messages waited. The same sample.
};

/// A snapshot of a system.
struct SystemStats {
    std::vector<ActorStats> types =
        {};  ///< For each class of actors that there was, also of those that ended.
    std::vector<ActorStats> actors = {};  ///< For each actor that lives and has a name.
    std::size_t alive = 0;                ///< Actors, pools and supervisors.
    /// As System::deadLetters().
    std::uint64_t deadLetters = 0;
};

/// What an actor does now.
struct ActorView {
    /// As Ref::name().
    std::string name = {};
    std::string type = {};         ///< Empty for a supervisor.
    std::string state = {};        ///< Starting, Alive, Failed, Stopping, Down.
    std::string doing = {};        ///< "nothing", or what it handles, for how long, and what it waits for.
    std::string description = {};  ///< What its describe() says; empty without one.
    std::size_t depth = 0;         ///< Messages that wait.
    /// How often it was started again.
    std::uint64_t restarts = 0;
    /// In the order of their start.
    std::vector<ActorView> children = {};
};

/// A table for people, and JSON for programs. Lengths of time are in microseconds in the JSON.
TEMPEH_ACTORS_EXPORT std::string toText(const SystemStats& stats);
TEMPEH_ACTORS_EXPORT std::string toJson(const SystemStats& stats);
/// A tree for people, an actor a line, and JSON for programs.
TEMPEH_ACTORS_EXPORT std::string toText(const std::vector<ActorView>& actors);
TEMPEH_ACTORS_EXPORT std::string toJson(const std::vector<ActorView>& actors);

}  // namespace tempeh::actors
