#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tempeh::test {

/// What a seed that failed has to say.
struct SeedFailure {
    std::uint64_t seed;
    std::string what;
    std::string trace;
};

/// One seed: every fourth is of flows, the others of the core; nothing when all is well.
std::optional<SeedFailure> checkSeed(std::uint64_t seed, std::size_t traceLines = 0);

bool isCommandLine(int argc, char** argv);
/// One number for all that happens with a seed, and all that its applications see.
std::uint64_t traceHashOf(std::uint64_t seed);
/// The numbers of seeds, a line each.
std::string traceHashes(std::uint64_t first, std::uint64_t count);

/// sim --seeds N [--first-seed S] [--jobs J] [--keep-going] [--trace LINES] [--hashes]
int runCommandLine(int argc, char** argv);

}  // namespace tempeh::test
