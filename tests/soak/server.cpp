// The server: whatever hostile peers do to it, what it saw of each client must add up.

#include "soak/soak.hpp"
#include "support/tally.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <iostream>
#include <sstream>
#include <variant>

namespace tempeh::soak {

namespace {

using namespace std::chrono_literals;
using test::TallyBook;

/// Limits as a careful application sets them: nobody may hold much of the server.
const Options engineOptions{
    .maxPoolMessages = 8192,
    .helloTimeout = 2s,
    .sendQueueMessages = 256,
    .sendQueueBytes = 4UL * 1024 * 1024,
    .byeTimeout = 2s,
};

asio::awaitable<void> serveUntilSilent(flows::Peer peer, TallyBook* book) {
    // A peer that neither says anything nor answers is not kept for ever.
    const flows::Heartbeat heartbeat(peer, {.interval = 2s, .silence = 8s});
    co_await book->serve(peer);
}

asio::awaitable<bool> stop(flows::Server* server) {
    co_return co_await server->stop(5s);
}

void printStats(const EngineStats& stats, std::string_view name) {
    std::ostringstream line;
    line << name << " channels=" << stats.channels << " groups=" << stats.groups
         << " accepted=" << stats.accepted << " received=" << stats.received.messages
         << " sent=" << stats.sent.messages << " violations=" << stats.violations
         << " hello_timeouts=" << stats.helloTimeouts << " accept_failures=" << stats.acceptFailures
         << " pool_outstanding=" << stats.pool.outstanding << " pool_high_water=" << stats.pool.highWater
         << " pool_misses=" << stats.pool.misses << '\n';
    std::cout << line.str() << std::flush;
}

}  // namespace

int runServer(const Arguments& arguments) {
    TallyBook book;
    Reactor reactor(engineOptions);
    {
        flows::Server server(
            reactor, {TcpServerAddress{"127.0.0.1", arguments.port}, UdsServerAddress{arguments.path}},
            {.maxWaiting = 256});
        const std::vector<Address> bound = server.addresses();
        std::cout << "listening port=" << std::get<TcpServerAddress>(bound.at(0)).port
                  << " path=" << std::get<UdsServerAddress>(bound.at(1)).path << '\n'
                  << std::flush;
        const flows::Handler handler = [&book](flows::Peer peer) {
            return serveUntilSilent(std::move(peer), &book);
        };
        auto serving = asio::co_spawn(reactor.executor(), server.serve(handler), asio::use_future);
        while (!isToldToStop(1s))
            printStats(reactor.stats(), "now");
        asio::co_spawn(reactor.executor(), stop(&server), asio::use_future).get();
        serving.get();
        const flows::ServerCounters counters = server.counters();
        std::cout << "handlers accepted=" << counters.accepted << " refused=" << counters.refused
                  << " overruns=" << counters.overruns << " failures=" << counters.handlerFailures
                  << " peers=" << counters.peers << '\n';
    }
    const ShutdownReport report = reactor.shutdown(5s);
    for (const auto& [client, tally] : book.all())
        std::cout << "client name=" << client << ' ' << tally << '\n';
    printStats(reactor.stats(), "end");
    std::cout << "shutdown complete=" << report.complete << '\n' << std::flush;
    return 0;
}

}  // namespace tempeh::soak
