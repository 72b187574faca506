#pragma once

/// Actors: objects with a mailbox, supervised, in one process or beside an engine's sockets. Part of the
/// library tempeh::actors.

#include <tempeh/actors/arena.hpp>
#include <tempeh/actors/batcher.hpp>
#include <tempeh/actors/circuit_breaker.hpp>
#include <tempeh/actors/context.hpp>
#include <tempeh/actors/dead_letter.hpp>
#include <tempeh/actors/down.hpp>
#include <tempeh/actors/errc.hpp>
#include <tempeh/actors/options.hpp>
#include <tempeh/actors/ref.hpp>
#include <tempeh/actors/responder.hpp>
#include <tempeh/actors/stats.hpp>
#include <tempeh/actors/supervisor.hpp>
#include <tempeh/actors/system.hpp>
#include <tempeh/actors/topic.hpp>
