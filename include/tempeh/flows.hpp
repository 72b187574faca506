#pragma once

/// Everything in flows: the patterns that applications build on the core.

#include <tempeh/base/x11_macros.hpp>
#include <tempeh/flows/backoff.hpp>
#include <tempeh/flows/blocking_peer.hpp>
#include <tempeh/flows/blocking_stream.hpp>
#include <tempeh/flows/broadcast.hpp>
#include <tempeh/flows/circuit_breaker.hpp>
#include <tempeh/flows/connect.hpp>
#include <tempeh/flows/endpoints.hpp>
#include <tempeh/flows/heartbeat.hpp>
#include <tempeh/flows/multi_homed.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/flows/peer_counters.hpp>
#include <tempeh/flows/peer_group.hpp>
#include <tempeh/flows/reconnecting_peer.hpp>
#include <tempeh/flows/request_context.hpp>
#include <tempeh/flows/router.hpp>
#include <tempeh/flows/router_layers.hpp>
#include <tempeh/flows/server.hpp>
#include <tempeh/flows/server_options.hpp>
#include <tempeh/flows/service.hpp>
#include <tempeh/flows/service_thread.hpp>
#include <tempeh/flows/stream_reader.hpp>
#include <tempeh/flows/stream_writer.hpp>
#include <tempeh/flows/trace_context.hpp>
#include <tempeh/tempeh.hpp>
