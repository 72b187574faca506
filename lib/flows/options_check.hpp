#pragma once

#include <tempeh/flows/circuit_breaker.hpp>
#include <tempeh/flows/connect.hpp>
#include <tempeh/flows/heartbeat.hpp>
#include <tempeh/flows/reconnecting_peer.hpp>
#include <tempeh/flows/server_options.hpp>
#include <tempeh/flows/stream_writer.hpp>

namespace tempeh::flows::detail {

// Each throws Error(InvalidOption) for a field out of its range, naming the field, the value and the range.
void check(const ConnectOptions& options);
void check(const ReconnectOptions& options);
void check(const ServerOptions& options);
void check(const HeartbeatOptions& options);
void check(const StreamOptions& options);
void check(const CircuitBreakerOptions& options);

}  // namespace tempeh::flows::detail
