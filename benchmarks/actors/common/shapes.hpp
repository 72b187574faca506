#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

/// What the programs of all actor libraries share: the sizes of the shapes, the command line, the line they
/// print.
///
///     PROGRAM SHAPE [SCALE] [THREADS]
///
/// runs one shape, SCALE times smaller (default 1), on THREADS worker threads (default 1), and prints one
/// line of JSON: what was delivered, what should have been, how long it took. Actors count what they are
/// given, and the sums reach main() in messages: a message that is lost, or handled twice, shows.
namespace bench::actors {

struct Sizes {
    explicit Sizes(std::uint64_t scale) noexcept {
        if (scale <= 1) return;
        creationDepth -= std::min<std::uint64_t>(static_cast<std::uint64_t>(log2(scale)), creationDepth - 2);
        for (std::uint64_t* size : {&perSender, &pings, &hops, &rounds, &asks, &token})
            *size = std::max<std::uint64_t>(*size / scale, 10);
        while (skynet > 10 && scale >= 10) {
            skynet /= 10;
            scale /= 10;
        }
    }

    std::uint64_t creationDepth = 19;   ///< A binary tree of 2^20 - 1 actors, a parent told by its children.
    std::uint64_t senders = 20;         ///< Mailbox: so many actors send to one, as fast as they can,
    std::uint64_t perSender = 100'000;  ///< so many messages each.
    std::uint64_t rings = 20;           ///< Mixed: so many rings at once, each with a worker that factorises,
    std::uint64_t ringSize = 50;        ///< of so many actors
    std::uint64_t token = 1'000;        ///< that pass a number on until it is 0,
    std::uint64_t repetitions = 4;      ///< made anew so many times.
    std::uint64_t pings = 1'000'000;    ///< Round trips between two actors.
    std::uint64_t ringActors = 503;     ///< Ring: so many actors,
    std::uint64_t hops = 2'000'000;     ///< one message that is passed on so often.
    std::uint64_t skynet = 1'000'000;   ///< Leaves; ten children each on the way there.
    std::uint64_t fanOut = 1'000;       ///< Fan-out: one actor to so many, each of which answers,
    std::uint64_t rounds = 500;         ///< so many times.
    std::uint64_t asks = 300'000;       ///< Questions that one actor asks another, one after the other.
    std::uint64_t idle = 10'000;        ///< Actors that do nothing.

private:
    static int log2(std::uint64_t value) noexcept {
        int bits = 0;
        while (value >>= 1U)
            ++bits;
        return bits;
    }
};

/// 28,350,160,440,309,881 = 329,545,133 * 86,028,157, as in CAF's mixed_case: the work of its workers.
inline std::uint64_t factorize(std::uint64_t number) {
    std::uint64_t factors = 0;
    if (number <= 3) return 1;
    std::uint64_t divisor = 2;
    while (divisor < number) {
        if (number % divisor == 0) {
            ++factors;
            number /= divisor;
        } else {
            divisor = divisor == 2 ? 3 : divisor + 2;
        }
    }
    return factors + 1;
}
/// Smaller than CAF's number, which takes seconds: 10,403 = 101 * 103, times 1,000,003.
inline constexpr std::uint64_t toFactorize = 10'403ULL * 1'000'003ULL;
inline constexpr std::uint64_t factorsOfIt = 3;

struct Outcome {
    std::uint64_t delivered = 0;
    std::uint64_t expected = 0;
    double seconds = 0;
    std::uint64_t bytesEach = 0;  ///< idle: memory of an actor
};

/// Memory of this process, from the system.
inline std::uint64_t residentBytes() {
    std::ifstream status("/proc/self/smaps_rollup");
    std::string word;
    while (status >> word) {
        if (word != "Rss:") continue;
        std::uint64_t kibibytes = 0;
        status >> kibibytes;
        return kibibytes * 1024;
    }
    return 0;
}

class Watch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// The actors of a binary tree of this depth, and the messages they get: one each from above, one each from
/// below.
constexpr std::uint64_t actorsOfDepth(std::uint64_t depth) noexcept {
    return (std::uint64_t{2} << depth) - 1;
}
/// Messages of a mixed case.
constexpr std::uint64_t mixedDeliveries(const Sizes& sizes) noexcept {
    return sizes.rings * sizes.repetitions * (sizes.token + 1 + 1);
}
/// 0 + 1 + ... + leaves - 1.
constexpr std::uint64_t skynetSum(std::uint64_t leaves) noexcept {
    return leaves * (leaves - 1) / 2;
}

/// `run(shape, sizes, threads)` returns an Outcome; expected 0: there is no such shape.
template <typename Run>
int programMain(const char* program, int argc, char** argv, Run run) {
    const auto number = [&](int index, std::uint64_t fallback) {
        std::uint64_t value = fallback;
        if (argc > index) std::from_chars(argv[index], argv[index] + std::strlen(argv[index]), value);
        return value;
    };
    const std::string shape = argc > 1 ? argv[1] : "";
    const std::uint64_t threads = number(3, 1);
    const Outcome outcome = run(std::string_view(shape), Sizes(number(2, 1)), threads);
    if (outcome.expected == 0) {
        std::fprintf(stderr, "%s: no shape '%s'\n", program, shape.c_str());
        return 2;
    }
    std::printf(R"({"program": "%s", "shape": "%s", "threads": %llu, "delivered": %llu, "expected": %llu, )"
                R"("seconds": %.6f, "bytesEach": %llu})"
                "\n",
                program, shape.c_str(), static_cast<unsigned long long>(threads),
                static_cast<unsigned long long>(outcome.delivered),
                static_cast<unsigned long long>(outcome.expected), outcome.seconds,
                static_cast<unsigned long long>(outcome.bytesEach));
    return outcome.delivered == outcome.expected ? 0 : 1;
}

}  // namespace bench::actors
