#pragma once

#include <functional>
#include <thread>

namespace tempeh::transport {

/// Runs `work` on a thread that takes no signal sent to the process, whatever the application blocks and
/// when: handlers run on the application's own threads, and where these block a signal, it waits for their
/// sigwait() or signalfd. What the thread itself causes (SIGSEGV and its like) and profilers' SIGPROF still
/// reach it. Throws what std::thread throws. One implementation for each kind of system (posix/, windows/).
std::thread startBackgroundThread(std::function<void()> work);

}  // namespace tempeh::transport
