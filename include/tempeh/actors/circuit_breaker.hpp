#pragma once

#include <tempeh/flows/circuit_breaker.hpp>

namespace tempeh::actors {

/// The circuit breaker of flows, under the name that is looked for here. An actor makes one for the service
/// that it calls; give it the system's time as `clock` where that is virtual.
using flows::CircuitBreaker;
using flows::CircuitBreakerOptions;
using flows::CircuitChange;
using flows::CircuitErrc;
using flows::CircuitOpen;
using flows::CircuitState;

}  // namespace tempeh::actors
