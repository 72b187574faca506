#include "text/latency.hpp"

#include "text/message_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>

namespace tool {

namespace {

constexpr unsigned stepBits = 5;  // classes per power of two, as a power of two
constexpr std::uint64_t steps = 1U << stepBits;

std::size_t classOf(std::uint64_t nanoseconds) noexcept {
    if (nanoseconds < steps) return nanoseconds;
    const auto shift = static_cast<unsigned>(std::bit_width(nanoseconds)) - stepBits - 1;
    return (shift + 1) * steps + ((nanoseconds >> shift) - steps);
}

/// The last value that belongs to the class.
std::uint64_t lastOf(std::size_t index) noexcept {
    if (index < steps) return index;
    const std::size_t shift = index / steps - 1;
    return ((steps + index % steps + 1) << shift) - 1;
}

double microseconds(std::uint64_t nanoseconds) noexcept {
    return static_cast<double>(nanoseconds) / 1e3;
}

}  // namespace

void Latency::add(std::chrono::nanoseconds time) noexcept {
    const auto nanoseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
    ++counts_[std::min(classOf(nanoseconds), classCount - 1)];
    ++count_;
    sum_ += static_cast<double>(nanoseconds);
    min_ = std::min(min_, nanoseconds);
    max_ = std::max(max_, nanoseconds);
}

double Latency::min() const noexcept {
    return count_ == 0 ? 0 : microseconds(min_);
}

double Latency::max() const noexcept {
    return microseconds(max_);
}

double Latency::mean() const noexcept {
    return count_ == 0 ? 0 : sum_ / static_cast<double>(count_) / 1e3;
}

double Latency::percentile(double share) const noexcept {
    const double wanted = share * static_cast<double>(count_);
    std::uint64_t sum = 0;
    for (std::size_t index = 0; index < classCount; ++index) {
        sum += counts_[index];
        if (sum != 0 && static_cast<double>(sum) >= wanted)
            return std::clamp(microseconds(lastOf(index)), min(), max());
    }
    return 0;
}

std::string Latency::histogram() const {
    std::map<int, std::uint64_t> rows;  // by the power of two below
    for (std::size_t index = 0; index < classCount; ++index)
        if (counts_[index] != 0) rows[static_cast<int>(std::bit_width(lastOf(index)))] += counts_[index];
    if (rows.empty()) return {};
    std::uint64_t most = 0;
    for (const auto& [power, count] : rows)
        most = std::max(most, count);

    constexpr double width = 40;
    std::string text;
    for (int power = rows.begin()->first; power <= rows.rbegin()->first; ++power) {
        const auto row = rows.find(power);
        const std::uint64_t count = row == rows.end() ? 0 : row->second;
        const double share = static_cast<double>(count) / static_cast<double>(most);
        const auto bar = static_cast<std::size_t>(share * width + (count != 0 ? 0.999 : 0));
        text +=
            fmt::format("  {:>10}  {:<40}  {}\n", "< " + timeText(microseconds(std::uint64_t{1} << power)),
                        std::string(std::min<std::size_t>(bar, 40), '#'), count);
    }
    return text;
}

}  // namespace tool
