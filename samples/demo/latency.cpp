#include "latency.hpp"

#include <algorithm>
#include <bit>

namespace demo {

namespace {

constexpr unsigned stepBits = 3;  // 8 classes per power of two
constexpr std::uint64_t steps = 1U << stepBits;

std::size_t classOf(std::uint64_t nanoseconds) noexcept {
    if (nanoseconds < steps) return nanoseconds;
    const auto shift = static_cast<unsigned>(std::bit_width(nanoseconds)) - stepBits - 1;
    return (shift + 1) * steps + ((nanoseconds >> shift) - steps);
}

/// The first value that is above the class.
std::uint64_t endOf(std::size_t index) noexcept {
    if (index < steps) return index + 1;
    const std::size_t shift = index / steps - 1;
    return (steps + index % steps + 1) << shift;
}

/// Class 0 of the bar ends at 8 us; each further one is twice as long.
std::size_t barClassOf(std::uint64_t nanoseconds) noexcept {
    const std::uint64_t eights = (nanoseconds - 1) / 8'000;
    return std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(eights)), Latency::barSize - 1);
}

}  // namespace

void Latency::add(std::chrono::nanoseconds time) noexcept {
    const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
    ++counts_[std::min(classOf(nanoseconds), classCount - 1)];
    ++total_;
}

double Latency::percentile(double share) const noexcept {
    const double wanted = share * static_cast<double>(total_);
    std::uint64_t sum = 0;
    for (std::size_t index = 0; index < classCount; ++index) {
        sum += counts_[index];
        if (sum != 0 && static_cast<double>(sum) >= wanted) return static_cast<double>(endOf(index)) / 1000.0;
    }
    return 0;
}

Latency::Bar Latency::bar() const noexcept {
    Bar bar{};
    for (std::size_t index = 0; index < classCount; ++index)
        if (counts_[index] != 0) bar[barClassOf(endOf(index))] += counts_[index];
    return bar;
}

}  // namespace demo
