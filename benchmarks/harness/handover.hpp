#pragma once

#include "driver.hpp"
#include "responder.hpp"

#include <cstddef>
#include <cstring>
#include <span>
#include <thread>

/// Two threads of one process that hand messages to each other by blocking calls. An Endpoint has
/// `send(size, write)` with `write(std::byte*)` filling the body, `std::span<std::byte> receive()`, valid
/// until the next call, and `echo()`, which sends back what was received last.
namespace bench {

template <typename Endpoint>
void answerInThread(const Options& options, Endpoint& endpoint) {
    Responder responder(options);
    for (;;) {
        const std::span<std::byte> body = endpoint.receive();
        const Action action = responder.onMessage(body.data(), body.size());
        if (action == Action::Echo) endpoint.echo();
        if (action == Action::Summarize) break;
    }
    const Summary summary = responder.summary();
    endpoint.send(kSummarySize, [&](std::byte* to) { std::memcpy(to, &summary, kSummarySize); });
}

template <typename Endpoint>
void askInThread(const Options& options, Endpoint& endpoint) {
    Driver driver(options);
    const auto next = [&](std::byte* to) { driver.next(0, to); };
    driver.begin();
    if (options.workload == Workload::Throughput) {
        while (driver.mayStart())
            endpoint.send(options.size, next);
    } else {
        for (std::uint32_t i = 0; i < driver.window() && driver.mayStart(); ++i)
            endpoint.send(options.size, next);
        while (!driver.finished()) {
            const std::span<std::byte> body = endpoint.receive();
            if (driver.reply(0, body.data(), body.size())) endpoint.send(options.size, next);
        }
    }
    endpoint.send(options.size, [&](std::byte* to) { driver.last(to); });
    const std::span<std::byte> summary = endpoint.receive();
    driver.finish(summary.data(), summary.size());
}

template <typename Endpoint>
void handOverBetweenThreads(const Options& options, Endpoint& asking, Endpoint& answering) {
    std::thread thread([&] { answerInThread(options, answering); });
    askInThread(options, asking);
    thread.join();
}

}  // namespace bench
