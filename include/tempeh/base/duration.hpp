#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace tempeh {

/// The types of time in the whole API. Any std::chrono duration converts.
using Duration = std::chrono::steady_clock::duration;
using TimePoint = std::chrono::steady_clock::time_point;

/// As a timeout: wait without limit.
inline constexpr Duration infinite = Duration::max();

/// A Duration as parameters and options take it. A length beyond the range of Duration, such as
/// `seconds::max()` or `hours::max()`, becomes infinite (or Duration's minimum), whereas the standard's
/// conversion overflows to an arbitrary length. A plain value. Costs nothing when the unit is Duration's own.
class Timeout : public Duration {
public:
    /// Zero.
    constexpr Timeout() noexcept : Duration(Duration::zero()) {}
    /// From any duration that converts to a Duration.
    template <typename Rep, typename Period>
        requires std::is_convertible_v<std::chrono::duration<Rep, Period>, Duration>
    // NOLINTNEXTLINE(google-explicit-constructor): stands where a duration is written
    constexpr Timeout(const std::chrono::duration<Rep, Period>& length) noexcept
        : Duration(saturated(length)) {}

private:
    template <typename Rep, typename Period>
    static constexpr Duration saturated(const std::chrono::duration<Rep, Period>& length) noexcept {
        if constexpr (std::is_same_v<std::chrono::duration<Rep, Period>, Duration>) {
            return length;
        } else {
            using Wide = std::chrono::duration<std::intmax_t, Period>;
            constexpr auto longest = std::chrono::duration_cast<Wide>(Duration::max());
            if constexpr (std::is_unsigned_v<Rep> && sizeof(Rep) >= sizeof(std::intmax_t)) {
                if (length.count() > static_cast<Rep>(longest.count())) return Duration::max();
            }
            const Wide wide(static_cast<std::intmax_t>(length.count()));
            if (wide > longest) return Duration::max();
            if (wide < -longest) return Duration::min();
            return std::chrono::duration_cast<Duration>(wide);
        }
    }
};

/// When a timeout that starts at `start` passes. TimePoint::max(), which means never, for one beyond any
/// machine's life, because arithmetic near the end of the clock overflows.
constexpr TimePoint timeAfter(TimePoint start, Duration timeout) noexcept {
    constexpr Duration endless = std::chrono::hours(24 * 365 * 100);
    return timeout >= endless ? TimePoint::max() : start + timeout;
}

}  // namespace tempeh
