#pragma once

#include "base/random.hpp"

#include <tempeh/testing.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tempeh::test {

/// How little a connection may hold, in bytes.
struct BufferSizes {
    std::size_t least = 64;
    std::size_t small = 2000;  // the most, in a third of the seeds; else 100,000
};

/// What the networks of all workloads have in common.
inline testing::SimulationOptions anyNetwork(std::uint64_t seed, bool isFaulty, base::Random& random,
                                             BufferSizes sizes) {
    using namespace std::chrono_literals;
    testing::SimulationOptions options =
        isFaulty ? testing::SimulationOptions::faulty(seed) : testing::SimulationOptions{};
    options.seed = seed;
    options.tick = random.below(2) == 0 ? 1ms : 0ms;
    options.minBufferBytes = sizes.least;
    options.maxBufferBytes = random.below(3) == 0 ? sizes.small : 100'000;
    options.maxLatency = std::chrono::microseconds(100 + random.below(20'000));
    options.maxSteps = 3'000'000;
    return options;
}

}  // namespace tempeh::test
