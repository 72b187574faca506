// Shows: a heartbeat distinguishes a quiet server from one that is gone.
// Use it when: a connection may be idle for a long time, and a dead peer must still be detected.
// Prints: how a quiet server fared, and how a frozen one.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// Says nothing by itself, but is alive: its engine answers every heartbeat, unseen by this code.
asio::awaitable<void> beQuiet(flows::Peer client) {
    co_await client.receive();
}

// Answers the hello and then nothing more, as after kill -STOP or with the cable unplugged. (It does not use
// flows, so nothing answers heartbeats.)
asio::awaitable<void> freeze(tempeh::ChannelGroup group) {
    for (;;) {
        MessagePtr message = co_await group.waitReceive();
        if (message->header.opCode != OpCode::HelloRequest) continue;
        message->header.opCode = OpCode::HelloResponse;
        message->textHeaders.set("heartbeat",
                                 "server-answers");  // as flows announce it; this server never does
        group.post(std::move(message));
    }
}

asio::awaitable<void> watchQuiet(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer server = co_await flows::connect(engine, address);
    const flows::Heartbeat heartbeat(server, {.interval = 5ms, .silence = 10s});
    while (heartbeat.counters().sent < 10)
        co_await server.sleep(5ms);
    fmt::print("the quiet server is {} after 10 heartbeats\n", server.isOpen() ? "there" : "gone");
    co_await server.close();
}

asio::awaitable<void> watchFrozen(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer server = co_await flows::connect(engine, address);
    const flows::Heartbeat heartbeat(server, {.interval = 5ms, .silence = 50ms});
    try {
        co_await server.receive();  // would wait forever
    } catch (const tempeh::Error& error) {
        fmt::print("the frozen server: {}, {} time(s) silent\n", tempeh::nameOf(error.status()),
                   heartbeat.counters().silences);
    }
}

int main() {
    tempeh::Reactor engine;
    flows::Server quiet(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), quiet.serve(beQuiet), asio::detached);
    asio::co_spawn(engine.executor(), watchQuiet(engine, quiet.addresses().front()), asio::use_future).get();

    tempeh::ChannelGroup group = engine.createGroup();
    MessagePtr welcome = engine.get();
    tempeh::TcpServerAddress{"127.0.0.1", 0}.format(*welcome);
    group.post(std::move(welcome));
    const tempeh::Address frozen = tempeh::parseAddress(*group.blocking().waitReceive());
    asio::co_spawn(engine.executor(), freeze(std::move(group)), asio::detached);
    asio::co_spawn(engine.executor(), watchFrozen(engine, frozen), asio::use_future).get();
}
