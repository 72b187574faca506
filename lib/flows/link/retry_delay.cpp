#include "flows/link/retry_delay.hpp"

#include <algorithm>

namespace tempeh::flows::detail {

namespace {

Backoff seeded(Backoff backoff, Ampe& engine) {
    if (backoff.seed == 0) backoff.seed = engine.randomSeed();
    return backoff;
}

Duration scaled(Duration duration, double factor) noexcept {
    using Seconds = std::chrono::duration<double>;
    constexpr Seconds longest = std::chrono::hours(24 * 365);  // far inside what a Duration holds
    return std::chrono::duration_cast<Duration>(std::min(Seconds(duration) * factor, longest));
}

}  // namespace

RetryDelay::RetryDelay(const Backoff& backoff)
    : backoff_(backoff), delay_(backoff.initial), random_(backoff.seed) {
    backoff_.factor = std::max(1.0, backoff_.factor);
    backoff_.jitter = std::clamp(backoff_.jitter, 0.0, 1.0);
}

RetryDelay::RetryDelay(const Backoff& backoff, Ampe& engine) : RetryDelay(seeded(backoff, engine)) {}

Duration RetryDelay::next() noexcept {
    constexpr std::uint32_t steps = 1U << 16U;
    const Duration longest = backoff_.max;
    const Duration full = std::clamp(delay_, Duration::zero(), std::max(longest, Duration::zero()));
    delay_ = std::min(scaled(full, backoff_.factor), longest);
    const double part = static_cast<double>(random_.below(steps + 1)) / steps;
    return scaled(full, 1.0 - backoff_.jitter * part);
}

}  // namespace tempeh::flows::detail
