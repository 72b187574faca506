#include "sim/command_line.hpp"
#include "support/scale.hpp"

#include <gtest/gtest.h>

namespace tempeh::test {
namespace {

/// Seeds of one test; TEMPEH_SIM_SEEDS says how many.
const std::uint64_t seedsOfSlice = fromEnvironment("TEMPEH_SIM_SEEDS", scaled(50));

class Seeds : public ::testing::TestWithParam<std::uint64_t> {};

// TEMPEH_SIM_SEED runs that one alone.
TEST_P(Seeds, BreakNoRule) {
    const std::uint64_t only = fromEnvironment("TEMPEH_SIM_SEED", 0);
    const std::uint64_t first = only != 0 ? only : 1 + GetParam() * 1'000'000;
    for (std::uint64_t seed = first; seed < first + (only != 0 ? 1 : seedsOfSlice); ++seed) {
        const std::optional<SeedFailure> failure = checkSeed(seed, only != 0 ? 100 : 0);
        ASSERT_FALSE(failure.has_value()) << "seed " << seed << ": " << failure->what << '\n'
                                          << failure->trace << "to reproduce: TEMPEH_SIM_SEED=" << seed;
    }
}

INSTANTIATE_TEST_SUITE_P(Slice, Seeds, ::testing::Values(0, 1, 2, 3));

}  // namespace
}  // namespace tempeh::test
