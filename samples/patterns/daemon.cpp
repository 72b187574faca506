// Shows: a server that runs unattended: SIGTERM ends it; own logger, refusals with a reason, metrics.
// Use it when: systemd or a container starts the program, and an operator has to see what it does.
// Prints: why a client was refused, two of the metrics, and how the program ended.

#include <tempeh/flows.hpp>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <csignal>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// Any spdlog logger will do; this one writes to standard output.
std::shared_ptr<spdlog::logger> makeLogger() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(std::cout);
    auto logger = std::make_shared<spdlog::logger>("server", std::move(sink));
    logger->set_pattern("[%l] %v");
    logger->set_level(spdlog::level::info);
    return logger;
}

// The accept hook: 0 accepts the client, anything else refuses it. The body tells the client why.
std::uint8_t admit(flows::Hello& hello) {
    if (hello.request.textHeaders.find("token")) return 0;
    hello.response.body.append("there is no token in the hello");
    return 1;
}

// What Prometheus reads.
std::string metrics(const tempeh::Reactor& engine, const flows::Server& server) {
    std::string text;
    const auto add = [&text](std::string_view name, std::string_view type, std::uint64_t value) {
        text += fmt::format("# TYPE {0} {1}\n{0} {2}\n", name, type, value);
    };
    const flows::ServerCounters clients = server.counters();
    add("tempeh_clients", "gauge", clients.peers);
    add("tempeh_refused_total", "counter", clients.refused);
    add("tempeh_handler_failures_total", "counter", clients.handlerFailures);
    const tempeh::EngineStats stats = engine.stats();
    add("tempeh_received_messages_total", "counter", stats.received.messages);
    add("tempeh_sent_messages_total", "counter", stats.sent.messages);
    add("tempeh_returned_messages_total", "counter", stats.returned.total());
    add("tempeh_pool_messages_in_use", "gauge", stats.pool.outstanding);
    add("tempeh_pool_messages_limit", "gauge", stats.pool.limit);
    add("tempeh_channels", "gauge", stats.channels);
    return text;
}

asio::awaitable<void> serve(flows::Peer client, const tempeh::Reactor& engine, const flows::Server& server) {
    for (;;) {
        MessagePtr message = co_await client.receive();
        if (message->header.opCode == OpCode::Request)
            co_await client.respond(std::move(message), metrics(engine, server));
    }
}

// Two clients; in reality they are other programs.
void visit(tempeh::Ampe& engine, const tempeh::Address& address) {
    try {
        flows::connectBlocking(engine, address);
    } catch (const flows::Refused& refused) {
        std::cout << "refused: " << refused.response().body.view() << '\n';
    }
    const std::array headers{tempeh::TextHeader{"token", "secret"}};
    const flows::BlockingPeer peer = flows::connectBlocking(engine, address, {.headers = headers});
    const MessagePtr answer = peer.request(peer.newMessage(OpCode::Request, "metrics"), 5s);
    const std::string_view text = answer ? answer->body.view() : "";
    std::cout << text.substr(0, text.find("# TYPE tempeh_handler"));
    peer.close();
}

int main() {
    const std::shared_ptr<spdlog::logger> logger = makeLogger();
    tempeh::Reactor engine({.logger = logger});
    flows::Server server(engine, {tempeh::UdsServerAddress{tempeh::temporaryUdsPath()}}, {.accept = admit});
    asio::signal_set signals(engine.executor(), SIGINT, SIGTERM);
    std::future<int> signal = signals.async_wait(asio::use_future);
    const flows::Handler handler = [&](flows::Peer client) {
        return serve(std::move(client), engine, server);
    };
    std::future<void> served = server.serve(handler, asio::use_future);
    const tempeh::Address address = server.addresses().front();  // throws if it cannot listen

    visit(engine, address);
    std::raise(SIGTERM);  // what `systemctl stop` and `docker stop` do

    logger->info("ending on signal {}", signal.get());
    const bool finished = server.stop(5s, asio::use_future).get();  // handlers finish their work, 5 s at most
    served.get();
    const tempeh::ShutdownReport report = engine.shutdown(2s);  // what was sent goes out, 2 s at most
    logger->info("{}, {}", finished ? "all handlers ended" : "a handler was cancelled",
                 report.complete ? "everything was sent" : report.blocked.front());
}
