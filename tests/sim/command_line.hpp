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
/// sim --seeds N [--first-seed S] [--jobs J] [--keep-going] [--trace LINES]
int runCommandLine(int argc, char** argv);

}  // namespace tempeh::test
