#pragma once

#include "counters.hpp"
#include "options.hpp"
#include "responder.hpp"

#include <tempeh/tempeh.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench::own {

/// Where the application runs: coroutines on the reactor's thread, coroutines on another executor, threads
/// that block.
enum class Style { Coroutine, Executor, Blocking };
/// How much one call takes: all there is, or one message, as most people write it.
enum class Loop { Gathered, Plain };

/// `--mode`: a style, perhaps with `-plain` behind it; or `requests`, a peer of flows and a thread for each
/// request in flight, whose server is a plain coroutine.
struct Mode {
    Style style = Style::Coroutine;
    Loop loop = Loop::Gathered;
    bool isRequests = false;
};

inline Mode modeOf(const Options& options) {
    if (options.mode == "requests") return {Style::Coroutine, Loop::Plain, true};
    std::string_view name = options.mode;
    Mode mode;
    if (constexpr std::string_view plain = "-plain"; name.ends_with(plain)) {
        mode.loop = Loop::Plain;
        name.remove_suffix(plain.size());
    }
    if (name == "executor")
        mode.style = Style::Executor;
    else if (name == "blocking")
        mode.style = Style::Blocking;
    else if (!name.empty() && name != "coroutine")
        throw std::invalid_argument(
            "--mode is coroutine, executor or blocking, with or without -plain, or "
            "requests: " +
            options.mode);
    return mode;
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
tempeh::asio::awaitable<void> serveCoroutine(tempeh::ChannelGroup& group, Responder& responder, Loop loop);
/// The client from the first connection to the line of results.
tempeh::asio::awaitable<void> driveCoroutine(const Options& options, tempeh::Reactor& reactor, Loop loop);

/// The client with blocking calls.
void driveBlocking(const Options& options, tempeh::Reactor& reactor, Loop loop);

/// The client whose threads ask one peer.
void driveRequests(const Options& options, tempeh::Reactor& reactor);

}  // namespace bench::own
