#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tempeh::testing {

/// What a simulated network does to those on it. An aggregate for designated initialisers. The defaults are a
/// network that is slow and cuts everything into pieces, but loses nothing; `SimulationOptions::faulty(seed)`
/// is one that does everything it can. Probabilities are 0 to 1, times 0 and up; what is not makes
/// SimulatedNetwork's constructor throw Error(InvalidOption).
struct SimulationOptions {
    /// Lengths of time.
    using Duration = std::chrono::steady_clock::duration;

    /// Decides everything that is left to chance. The same seed, options and program: the same run, byte for
    /// byte and step for step. 0: the environment's TEMPEH_SIM_SEED, 1 without.
    std::uint64_t seed = 0;

    /// On their way, bytes take between these two; later ones of a connection never overtake earlier ones. A
    /// minLatency beyond maxLatency counts as that.
    Duration minLatency = std::chrono::microseconds(20);
    Duration maxLatency = std::chrono::milliseconds(5);
    /// Latencies are multiples of this, if it is not 0: the coarser, the more happens at one moment, in every
    /// order.
    Duration tick = Duration::zero();
    /// Each connection holds between these two, bytes, of what is written and not read, each way. 1 and up; a
    /// minimum beyond the maximum counts as that.
    std::size_t minBufferBytes = 1;
    std::size_t maxBufferBytes = 128 * 1024;
    /// Of a write (a read) that takes (gives) only a part, and of one that could go on and must wait.
    double shortWrites = 0.2;
    double shortReads = 0.2;
    double blockedWrites = 0.05;
    /// Of a piece of data that is held up for up to `maxStall`.
    double stalls = 0.01;
    Duration maxStall = std::chrono::seconds(2);

    /// Of a piece of data whose connection is reset by the network.
    double resets = 0;
    /// Of a connection that falls silent in the middle: nothing arrives any more, and nobody is told.
    double halfOpens = 0;
    /// Of a connect that is refused, and of one that is never answered.
    double refusals = 0;
    double blackHoles = 0;
    /// Of an accept that finds no descriptors left.
    double acceptFailures = 0;

    /// Steps of one simulation before run() takes it for one that never ends.
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
