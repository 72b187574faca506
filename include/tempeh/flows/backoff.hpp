#pragma once

#include <tempeh/core/asio.hpp>

#include <chrono>
#include <cstdint>

namespace tempeh::flows {

/// How long to pause between attempts. Each pause is `factor` times the one before it, up to `max`. A random
/// part of each, up to `jitter`, is taken off, so that the many clients of one server do not all come back at
/// once. A function that takes a Backoff throws Error(InvalidOption) when a field is out of range.
struct Backoff {
    /// The first pause, 0 or longer.
    Timeout initial = std::chrono::milliseconds(50);
    /// Growth from one pause to the next, 1 or more.
    double factor = 2.0;
    /// The longest pause, 0 or longer. Limits the first pause too.
    Timeout max = std::chrono::seconds(5);
    /// The largest part of a pause to take off: 0 (none) to 1 (all of it).
    double jitter = 0.5;
    /// Seeds the random numbers. 0: seeds them from the system's entropy.
    std::uint64_t seed = 0;
};

}  // namespace tempeh::flows
