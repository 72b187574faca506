#pragma once

#include <tempeh/actors/errc.hpp>
#include <tempeh/actors/ref.hpp>

#include <string>

namespace tempeh::actors {

/// Told once to whoever watches an actor when it ends for good. A restart is not an end.
struct Down {
    /// Whom it is about.
    AnyRef<> ref;
    /// Stopped: it stopped itself, or was told to. HandlerFailed: it failed. ShuttingDown: with its system.
    /// NotFound: it had ended before it was watched.
    Errc reason = Errc::Stopped;
    /// What it failed with; empty otherwise.
    std::string text = {};
};

}  // namespace tempeh::actors
