#pragma once

/// Tests of protocols on a simulated network; see docs/testing.md.

#include <tempeh/testing/seeds.hpp>
#include <tempeh/testing/simulated_network.hpp>
#include <tempeh/testing/simulation_options.hpp>
