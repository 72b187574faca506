#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/testing/simulated_network.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>

namespace tempeh::testing {

/// Runs `body` on a new network for each of `count` seeds, starting with options.seed (0: starting with 1).
/// Returns true if none failed. The first exception from `body` ends the run: it is written to `out`
/// (default: standard error) with the seed and the last events. If the environment has TEMPEH_SIM_SEED, only
/// that seed runs, so that a failure can be repeated under a debugger.
TEMPEH_TESTING_EXPORT bool forEachSeed(std::uint64_t count, const SimulationOptions& options,
                                       const std::function<void(SimulatedNetwork&)>& body);
TEMPEH_TESTING_EXPORT bool forEachSeed(std::uint64_t count, const SimulationOptions& options,
                                       const std::function<void(SimulatedNetwork&)>& body, std::ostream& out);

/// For bodies: throws std::logic_error with that text unless the condition is true.
TEMPEH_TESTING_EXPORT void require(bool condition, const char* text);

}  // namespace tempeh::testing
