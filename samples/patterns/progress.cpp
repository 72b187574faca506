// Shows: signals with the id of a request report its progress; the answer comes last.
// Use it when: the work takes long enough that the client wants to know how far it is.
// Prints: the progress as the client sees it, and the answer.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

asio::awaitable<void> bake(flows::Peer client) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode != OpCode::Request) continue;
        for (int percent = 25; percent < 100; percent += 25) {
            // ... a quarter of the work ...
            MessagePtr progress = client.newMessage(OpCode::Signal, std::to_string(percent));
            progress->header.messageId = request->header.messageId;  // the request it belongs to
            co_await client.send(std::move(progress));
        }
        co_await client.respond(std::move(request), "a cake");
    }
}

asio::awaitable<void> order(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer bakery = co_await flows::connect(engine, address);
    const flows::SignalHandler onProgress = [](const tempeh::Message& signal) {
        fmt::print("{} %\n", signal.body.view());
    };
    MessagePtr request = bakery.newMessage(OpCode::Request, "a cake, please");
    const MessagePtr answer = co_await bakery.request(std::move(request), 10s, onProgress);
    fmt::print("done: {}\n", answer ? answer->body.view() : "not in 10 s");
    co_await bakery.close();
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(bake), asio::detached);
    asio::co_spawn(engine.executor(), order(engine, server.addresses().front()), asio::use_future).get();
}
