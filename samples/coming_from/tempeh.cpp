// The conversation of docs/coming_from in tempeh: with
// threads, and with coroutines.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

std::string reversed(std::string_view text) {
    return {text.rbegin(), text.rend()};
}

// One for each client, until it has gone.
asio::awaitable<void> serve(flows::Peer client) {
    for (;;) {
        MessagePtr message = co_await client.receive();
        if (message->header.opCode != OpCode::Request)
            continue;
        const std::string answer =
            reversed(message->body.view());
        co_await client.respond(std::move(message), answer);
    }
}

std::string ask(tempeh::Ampe& engine,
                const tempeh::Address& address) {
    const flows::BlockingPeer server =
        flows::connectBlocking(engine, address);
    MessagePtr question =
        server.newMessage(OpCode::Request, "stressed");
    const MessagePtr answer =
        server.request(std::move(question), 5s);
    if (!answer) return "no answer in 5 s";
    return std::string(answer->body.view());
}

asio::awaitable<std::string> askAwaiting(
    tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer server =
        co_await flows::connect(engine, address);
    MessagePtr question =
        server.newMessage(OpCode::Request, "stressed");
    const MessagePtr answer =
        co_await server.request(std::move(question), 5s);
    if (!answer) co_return "no answer in 5 s";
    co_return std::string(answer->body.view());
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(
        engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(serve),
                   asio::detached);
    const tempeh::Address address =
        server.addresses().front();

    const std::string awaited =
        asio::co_spawn(engine.executor(),
                       askAwaiting(engine, address),
                       asio::use_future)
            .get();
    const std::string asked = ask(engine, address);
    std::cout << (asked == awaited ? asked : "different")
              << '\n';
}
