#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <sys/resource.h>

namespace bench {

inline std::uint64_t nowNs() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::steady_clock::now().time_since_epoch())
                                          .count());
}

/// User and system time of all threads of the process.
inline std::uint64_t cpuNs() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto micros = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec +
                        usage.ru_stime.tv_usec;
    return static_cast<std::uint64_t>(micros) * 1000U;
}

/// Resident anonymous memory (heap and stacks), bytes; file-backed pages are not counted.
inline std::uint64_t anonymousMemory() {
    std::FILE* status = std::fopen("/proc/self/status", "r");
    if (status == nullptr) return 0;
    unsigned long long kilobytes = 0;
    char line[256];
    while (std::fgets(line, sizeof line, status) != nullptr) {
        if (std::sscanf(line, "RssAnon: %llu", &kilobytes) == 1) break;
    }
    std::fclose(status);
    return kilobytes * 1024U;
}

/// Log-linear histogram of nanoseconds, 64 steps per power of two: quantiles within 1.6 %, constant memory.
class Histogram {
public:
    void record(std::uint64_t ns) {
        ++buckets_[indexOf(ns)];
        ++count_;
        if (ns > max_) max_ = ns;
    }

    std::uint64_t count() const { return count_; }
    std::uint64_t max() const { return max_; }

    /// Middle of the bucket that holds the quantile; 0 when nothing was recorded.
    std::uint64_t quantile(double q) const {
        if (count_ == 0) return 0;
        const auto rank = static_cast<std::uint64_t>(q * static_cast<double>(count_ - 1));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > rank) return middleOf(i);
        }
        return max_;
    }

private:
    static constexpr unsigned kStepBits = 6;
    static constexpr std::uint64_t kSteps = 1U << kStepBits;

    static std::size_t indexOf(std::uint64_t ns) {
        if (ns < kSteps) return static_cast<std::size_t>(ns);
        const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - kStepBits - 1;
        return static_cast<std::size_t>(shift * kSteps + (ns >> shift));
    }
    static std::uint64_t middleOf(std::size_t index) {
        if (index < 2 * kSteps) return index;
        const std::uint64_t shift = index / kSteps - 1;
        const std::uint64_t mantissa = index - shift * kSteps;
        return (mantissa << shift) + (1ULL << shift) / 2;
    }

    std::array<std::uint64_t, 60 * kSteps> buckets_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

}  // namespace bench
