#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/testing/simulated_network.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>

namespace tempeh::testing {

/// Runs `body` on a new network for each of `count` seeds, from options.seed on (0: from 1 on). True when
/// none failed. The first for which it throws ends that: what it threw, the seed and the last things that
/// happened are written to `out` (default: standard error). With TEMPEH_SIM_SEED in the environment that
/// seed alone runs: a failure found once is there again under a debugger.
TEMPEH_TESTING_EXPORT bool forEachSeed(std::uint64_t count, const SimulationOptions& options,
                                       const std::function<void(SimulatedNetwork&)>& body);
TEMPEH_TESTING_EXPORT bool forEachSeed(std::uint64_t count, const SimulationOptions& options,
                                       const std::function<void(SimulatedNetwork&)>& body, std::ostream& out);

/// Throws std::logic_error with that text unless it is true; for bodies.
TEMPEH_TESTING_EXPORT void require(bool condition, const char* text);

}  // namespace tempeh::testing
