#pragma once

#include "options.hpp"

#include <tempeh/tempeh.hpp>

#include <string>

namespace bench::own {

/// `--mode`: coroutines on the reactor's thread, coroutines on another executor, or plain blocking calls.
enum class Style { Coroutine, Executor, Blocking };

inline Style styleOf(const Options& options) {
    if (options.mode.empty() || options.mode == "coroutine") return Style::Coroutine;
    if (options.mode == "executor") return Style::Executor;
    if (options.mode == "blocking") return Style::Blocking;
    throw std::invalid_argument("--mode is coroutine, executor or blocking: " + options.mode);
}

inline tempeh::Options engineOptions(const Options& options) {
    return tempeh::Options{.busyPoll = std::chrono::microseconds(options.spinUs)};
}

void serve(const Options& options);
void drive(const Options& options);

/// The client with blocking calls.
void driveBlocking(const Options& options, tempeh::Reactor& reactor);

}  // namespace bench::own
