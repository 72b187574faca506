#pragma once

/// Actors: objects with a mailbox, supervised, in one process or beside an engine's sockets. Part of the
/// library tempeh::actors.

#include <tempeh/actors/arena.hpp>
#include <tempeh/actors/errc.hpp>
