#pragma once

#include <tempeh/core/asio.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace tempeh::testing::detail {

/// Virtual time, and what is to happen in it. Of what happens at the same moment a seed decides which comes
/// first.
class Timeline {
public:
    using Action = std::function<void()>;

    explicit Timeline(std::uint64_t seed) noexcept : order_(seed) {}

    TimePoint now() const noexcept { return now_; }
    /// For what keeps looking at it; lives as long as this.
    const TimePoint& moment() const noexcept { return now_; }

    /// `action` runs from runNext(), not before now.
    void at(TimePoint when, Action action);
    void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

    std::optional<TimePoint> next() const noexcept;
    /// Moves the time to the next action and runs it; there is one.
    void runNext();
    /// Moves the time forward, to no later than next().
    void advanceTo(TimePoint when) noexcept { now_ = when; }
    /// Drops every action.
    void clear() noexcept;

private:
    struct Entry {
        TimePoint when;
        std::uint64_t order;
        std::uint64_t sequence;
        Action action;
    };
    static bool isLater(const Entry& a, const Entry& b) noexcept;

    TimePoint now_ = TimePoint() + std::chrono::hours(1);  // away from the clock's beginning, as a real one
    std::uint64_t order_;
    std::uint64_t sequence_ = 0;
    std::vector<Entry> heap_;
};

}  // namespace tempeh::testing::detail
