// Shows: a client asks, a server answers, and what happens when no answer arrives.
// Use it when: one side needs something from the other. This is how most programs begin.
// Prints: the answers, and the request that timed out.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// One coroutine for each client, ended by the exception that receive() throws when the client has gone.
asio::awaitable<void> serve(flows::Peer client) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode != OpCode::Request) continue;
        if (request->body.view() == "be silent") continue;
        const std::string reversed(request->body.view().rbegin(), request->body.view().rend());
        co_await client.respond(std::move(request), reversed);
    }
}

asio::awaitable<void> ask(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer server = co_await flows::connect(engine, address);

    MessagePtr answer = co_await server.request(server.newMessage(OpCode::Request, "stressed"), 5s);
    if (!answer) throw std::runtime_error("no answer in 5 s");
    std::cout << "stressed -> " << answer->body.view() << '\n';

    answer = co_await server.request(server.newMessage(OpCode::Request, "be silent"), 20ms);
    std::cout << "be silent -> " << (answer ? "an answer" : "no answer in time") << '\n';

    answer = co_await server.request(server.newMessage(OpCode::Request, "drawer"), 5s);  // still open
    std::cout << "drawer -> " << (answer ? answer->body.view() : "no answer in time") << '\n';
    co_await server.close();
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});  // any free port
    asio::co_spawn(engine.executor(), server.serve(serve), asio::detached);
    asio::co_spawn(engine.executor(), ask(engine, server.addresses().front()), asio::use_future).get();
}
