#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace demo {

/// Round-trip times, counted in classes that are at most an eighth wide: enough for percentiles, and small.
class Latency {
public:
    /// For the screen: below 8 us, below 16 us, ... and 2 ms or more.
    static constexpr std::size_t barSize = 10;
    using Bar = std::array<std::uint64_t, barSize>;

    void add(std::chrono::nanoseconds time) noexcept;

    /// The time that a `share` (0 to 1) of all round trips did not exceed, microseconds; 0 without any.
    double percentile(double share) const noexcept;
    Bar bar() const noexcept;

private:
    static constexpr std::size_t classCount = 512;

    std::array<std::uint64_t, classCount> counts_{};
    std::uint64_t total_ = 0;
};

}  // namespace demo
