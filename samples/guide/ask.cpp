// Guide, step 1: a display asks the weather centre, and the centre answers.

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

// The centre: one of these runs for each display, until that display goes.
asio::awaitable<void> serve(flows::Peer display) {
    for (;;) {
        MessagePtr message = co_await display.receive();
        if (message->header.opCode != OpCode::Request) continue;
        co_await display.respond(std::move(message), "12.5 degrees");
    }
}

asio::awaitable<void> show(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer centre = co_await flows::connect(engine, address);

    MessagePtr question = centre.newMessage(OpCode::Request, "how warm is it?");
    MessagePtr answer = co_await centre.request(std::move(question), 5s);
    fmt::print("{}\n", answer ? answer->body.view() : "no answer in 5 s");

    co_await centre.close();
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(serve), asio::detached);

    const tempeh::Address address = server.addresses().front();
    asio::co_spawn(engine.executor(), show(engine, address), asio::use_future)
        .get();
}
