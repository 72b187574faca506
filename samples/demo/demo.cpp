#include "demo.hpp"

#include "processes.hpp"
#include "screen.hpp"
#include "server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <utility>

namespace demo {

namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

struct Cast {
    const char* name;
    const char* style;
    std::size_t address;  // 0 TCP, 1 Unix socket
    std::size_t lineLength;
    std::uint64_t burst;
};

// Four that ask one thing at a time, two that send a burst of longer lines and then collect the answers.
constexpr Cast casts[] = {
    {"ada", "coroutine", 0, 64, 1}, {"alan", "thread", 0, 64, 1},       {"edsger", "coroutine", 1, 64, 1},
    {"grace", "thread", 1, 64, 1},  {"john", "coroutine", 0, 4096, 32}, {"mary", "thread", 1, 4096, 32},
};

constexpr auto redrawInterval = 200ms;
constexpr auto grace = 20s;  // more than the clients need: slow machines, sanitizers

void startClients(ClientProcesses& processes, const std::vector<tempeh::Address>& addresses,
                  std::chrono::milliseconds duration) {
    for (const Cast& cast : casts)
        processes.start({"--client", cast.name, cast.style, tempeh::toString(addresses[cast.address]),
                         fmt::format("{}", cast.lineLength), fmt::format("{}", cast.burst),
                         fmt::format("{}", duration.count())});
}

/// Runs `work` on the reactor's thread, where the server lives, and waits for what it gives.
template <typename Work>
auto ask(const tempeh::Reactor& reactor, Work work) {
    return asio::post(reactor.executor(), asio::use_future(std::move(work))).get();
}

bool saidGoodbye(const std::vector<ClientRecord>& clients) {
    std::size_t count = 0;
    for (const ClientRecord& client : clients) {
        if (client.saidBye && client.report.checked == client.answered)
            ++count;
        else
            fmt::print(stderr, "{} did not say bye: {}\n", client.name, client.end);
    }
    return count == std::size(casts);
}

std::uint64_t answersChecked(const std::vector<ClientRecord>& clients) {
    std::uint64_t sum = 0;
    for (const ClientRecord& client : clients)
        sum += client.report.checked;
    return sum;
}

/// Opens the server's addresses and says what will be seen.
std::vector<tempeh::Address> open(tempeh::Reactor& reactor, Server& server) {
    std::vector<tempeh::Address> addresses =
        asio::co_spawn(reactor.executor(), server.listen(), asio::use_future).get();
    fmt::print("A server, a single coroutine, listens on two addresses:\n  {}\n  {}\n",
               tempeh::toString(addresses[0]), tempeh::toString(addresses[1]));
    fmt::print("{} clients, each in its own process, send text; the server returns it in capitals.\n\n",
               std::size(casts));
    std::fflush(stdout);
    return addresses;
}

int stop(tempeh::Reactor& reactor, const char* reason) {
    fmt::print(stderr, "stopped: {}\n", reason);
    reactor.shutdown(1s);  // ends serve(), if it still runs: its waitReceive() fails with ShutdownStarted
    return EXIT_FAILURE;
}

}  // namespace

int runDemo(std::chrono::milliseconds duration) {
    tempeh::Reactor reactor;
    Server server(reactor);
    const std::vector<tempeh::Address> addresses = open(reactor, server);

    std::atomic<bool> isInterrupted{false};
    asio::signal_set signals(reactor.executor(), SIGINT, SIGTERM);
    signals.async_wait([&](const tempeh::error_code& ec, int) { isInterrupted = !ec; });

    const auto start = std::chrono::steady_clock::now();
    ClientProcesses processes;
    startClients(processes, addresses, duration);
    std::future<void> served =
        asio::co_spawn(reactor.executor(), server.serve(std::size(casts)), asio::use_future);
    Screen screen;
    while (served.wait_for(redrawInterval) != std::future_status::ready) {
        const std::vector<ClientRecord> clients = ask(reactor, [&] {
            server.tellNews();
            return server.clients();
        });
        screen.show(clients, reactor.stats());
        if (std::chrono::steady_clock::now() - start > duration + grace) return stop(reactor, "too slow");
        if (processes.haveFailed()) break;
    }
    if (isInterrupted) return stop(reactor, "interrupted");
    if (processes.haveFailed()) return stop(reactor, "a client failed");
    served.get();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;

    const std::vector<ClientRecord> clients = ask(reactor, [&] { return server.clients(); });
    screen.showLast(clients, reactor.stats());
    const bool isRight = saidGoodbye(clients) && processes.waitForAll();
    if (isRight)
        fmt::print("\nAll clients said bye. {} answers, all correct and in order.\n",
                   grouped(answersChecked(clients)));
    summarise(reactor.stats(), time);
    const tempeh::ShutdownReport report = reactor.shutdown(1s);
    fmt::print("  shutdown      {}\n", report.complete ? "complete" : report.blocked.front());
    return isRight && report.complete ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace demo
