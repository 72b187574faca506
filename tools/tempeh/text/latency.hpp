#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tool {

/// Round-trip times: exact least, greatest and mean, percentiles to about 2 %. Any number in constant memory.
class Latency {
public:
    void add(std::chrono::nanoseconds time) noexcept;

    std::uint64_t count() const noexcept { return count_; }
    // All in microseconds; 0 when there are none.
    double min() const noexcept;
    double max() const noexcept;
    double mean() const noexcept;
    double percentile(double share) const noexcept;

    /// One line per power of two, with a bar as long as its share.
    std::string histogram() const;

private:
    static constexpr std::size_t classCount = 32 * 60;

    std::array<std::uint64_t, classCount> counts_{};
    std::uint64_t count_ = 0;
    double sum_ = 0;
    std::uint64_t min_ = ~std::uint64_t{0};
    std::uint64_t max_ = 0;
};

}  // namespace tool
