#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tempeh::testing {

/// What a simulated network does to its hosts. An aggregate for designated initialisers. By default the
/// network is slow and cuts everything into pieces, but loses nothing; `SimulationOptions::faulty(seed)` does
/// everything it can. Probabilities are 0 to 1, times 0 or longer. SimulatedNetwork's constructor throws
/// Error(InvalidOption) for others.
struct SimulationOptions {
    /// The type of times.
    using Duration = std::chrono::steady_clock::duration;

    /// Seeds all random decisions. The same seed, options and program give the same run, byte for byte and
    /// step for step. 0: the environment's TEMPEH_SIM_SEED, or 1 without it.
    std::uint64_t seed = 0;

    /// The time that bytes are on their way. Later bytes of a connection never overtake earlier ones. A
    /// minLatency beyond maxLatency counts as maxLatency.
    Duration minLatency = std::chrono::microseconds(20);
    Duration maxLatency = std::chrono::milliseconds(5);
    /// Latencies are multiples of this, unless it is 0. The coarser it is, the more happens at one moment, in
    /// every order.
    Duration tick = Duration::zero();
    /// How many bytes a connection holds, each way, that were written and not read. 1 or more. A minimum
    /// beyond the maximum counts as the maximum.
    std::size_t minBufferBytes = 1;
    std::size_t maxBufferBytes = 128 * 1024;
    /// Probability that a write (a read) takes (gives) only a part, and that a write that could go on has to
    /// wait.
    double shortWrites = 0.2;
    double shortReads = 0.2;
    double blockedWrites = 0.05;
    /// Probability that a piece of data is held up, for up to `maxStall`.
    double stalls = 0.01;
    Duration maxStall = std::chrono::seconds(2);

    /// Probability, per piece of data, that the network resets the connection.
    double resets = 0;
    /// Probability that a connection falls silent: nothing arrives any more, and neither side is told.
    double halfOpens = 0;
    /// Probability that a connect is refused, and that it is never answered.
    double refusals = 0;
    double blackHoles = 0;
    /// Probability that an accept finds no descriptors.
    double acceptFailures = 0;

    /// The steps after which run() takes a simulation for endless.
    std::uint64_t maxSteps = 20'000'000;

    /// Everything that can happen, often enough that a short run sees some of it.
    static SimulationOptions faulty(std::uint64_t seed = 0) {
        SimulationOptions options;
        options.seed = seed;
        options.resets = 0.002;
        options.halfOpens = 0.02;
        options.refusals = options.blackHoles = options.acceptFailures = 0.02;
        return options;
    }
};

}  // namespace tempeh::testing
