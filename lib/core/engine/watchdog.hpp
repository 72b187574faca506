#pragma once

#include "core/engine/engine.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace tempeh::core {

/// Regularly asks the reactor thread for a heartbeat, from a thread of its own, and logs a warning when none
/// comes in time. Any thread.
class Watchdog {
public:
    /// Throws what std::thread throws, and std::bad_alloc. `limit`: Options::stallWarning.
    Watchdog(const std::shared_ptr<Engine>& engine, Duration limit);
    /// Waits for its thread, which waits for no other thread.
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

private:
    struct State;
    static void watch(State& state);

    const std::shared_ptr<State> state_;
    std::thread thread_;
};

}  // namespace tempeh::core
