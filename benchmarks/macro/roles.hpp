#pragma once

#include "counters.hpp"
#include "options.hpp"
#include "responder.hpp"

#include <tempeh/tempeh.hpp>

#include <chrono>
#include <stdexcept>

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

/// Lets the counting of wakes look at this reactor, which lives as long as the program measures.
inline void countWakesOf(const tempeh::Reactor& reactor) {
    wakeCounter = [&reactor] {
        const tempeh::EngineStats stats = reactor.stats();
        return stats.reactorWakes + stats.receiverWakes;
    };
}

void serve(const Options& options);
void drive(const Options& options);
/// Both parties in this process; `--mode` loopback, groups or threads.
void handOver(const Options& options);

/// Listens and gives the address bound.
Address listen(const Options& options, tempeh::Reactor& reactor, tempeh::ChannelGroup& group);
/// Answers until updateReceiver() is called on the group without a message.
tempeh::asio::awaitable<void> serveCoroutine(tempeh::ChannelGroup& group, Responder& responder);
/// The client from the first connection to the line of results.
tempeh::asio::awaitable<void> driveCoroutine(const Options& options, tempeh::Reactor& reactor);

/// The client with blocking calls.
void driveBlocking(const Options& options, tempeh::Reactor& reactor);

}  // namespace bench::own
