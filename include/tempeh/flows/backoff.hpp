#pragma once

#include <tempeh/core/asio.hpp>

#include <chrono>
#include <cstdint>

namespace tempeh::flows {

/// Pauses between attempts: each `factor` times the one before, `max` at most, and of each a random part of
/// up to `jitter` taken off, so that many clients of one server do not come back all at once. Whoever is
/// given one throws Error(InvalidOption) when a field is out of its range.
struct Backoff {
    /// The first pause. 0 and up.
    Timeout initial = std::chrono::milliseconds(50);
    /// 1 and up.
    double factor = 2.0;
    /// 0 and up; also of the first pause.
    Timeout max = std::chrono::seconds(5);
    /// 0 (none) to 1 (anything from no pause at all).
    double jitter = 0.5;
    /// Of the random numbers; 0: from the system's entropy.
    std::uint64_t seed = 0;
};

}  // namespace tempeh::flows
