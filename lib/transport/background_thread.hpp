#pragma once

#include <functional>

namespace tempeh::transport {

/// Runs `work` on a thread that nobody waits for and that no signal handler of the application runs on.
/// Throws what std::thread throws. One implementation for each kind of system (posix/, windows/).
void startInBackground(std::function<void()> work);

}  // namespace tempeh::transport
