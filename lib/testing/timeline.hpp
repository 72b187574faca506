#pragma once

#include <tempeh/core/asio.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace tempeh::testing::detail {

/// Virtual time and its future events. A seed decides the order of events due at the same moment.
class Timeline {
public:
    using Action = std::function<void()>;

    explicit Timeline(std::uint64_t seed) noexcept : order_(seed) {}

    TimePoint now() const noexcept { return now_; }
    /// For objects that read the time repeatedly; valid as long as this object lives.
    const TimePoint& moment() const noexcept { return now_; }

    /// runNext() will run `action`; a time in the past counts as now.
    void at(TimePoint when, Action action);
    void after(Duration delay, Action action) { at(now_ + delay, std::move(action)); }

    std::optional<TimePoint> next() const noexcept;
    /// Advances the time to the next action and runs it; there must be one.
    void runNext();
    /// Advances the time, to no later than next().
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

    TimePoint now_ = TimePoint() + std::chrono::hours(1);  // not the clock's epoch, just like a real clock
    std::uint64_t order_;
    std::uint64_t sequence_ = 0;
    std::vector<Entry> heap_;
};

}  // namespace tempeh::testing::detail
