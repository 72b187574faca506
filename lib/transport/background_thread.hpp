#pragma once

#include <functional>
#include <thread>

namespace tempeh::transport {

/// Runs `work` on a thread that takes no signal sent to the process, whatever the application blocks and
/// when. Signal handlers therefore run on the application's own threads, and a signal that those block stays
/// pending for their sigwait() or signalfd. Signals that the thread itself causes (SIGSEGV and the like) and
/// profilers' SIGPROF still reach it. Throws what std::thread throws. One implementation for each kind of
/// system (posix/, windows/).
std::thread startBackgroundThread(std::function<void()> work);

}  // namespace tempeh::transport
