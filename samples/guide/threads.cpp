// Guide, step 6: plain threads beside the coroutines: a display that blocks,
// and work in the centre that takes its time.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <thread>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// Runs in the pool, where it may block: the sockets are elsewhere.
asio::awaitable<void> forecast(flows::Peer display) {
    for (;;) {
        MessagePtr message = co_await display.receive();
        if (message->header.opCode != OpCode::Request) continue;
        std::this_thread::sleep_for(10ms);  // a long computation
        co_await display.respond(std::move(message), "rain");
    }
}

// No coroutine, no Asio: calls that wait.
void show(tempeh::Ampe& engine, const tempeh::Address& address) {
    const flows::BlockingPeer centre = flows::connectBlocking(engine, address);
    MessagePtr question = centre.newMessage(OpCode::Request, "tomorrow?");
    MessagePtr answer = centre.request(std::move(question), 5s);
    fmt::print("{}\n", answer ? answer->body.view() : "no answer in 5 s");
    centre.close();
}

int main() {
    asio::thread_pool pool(2);
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}},
                         {.executor = pool.get_executor()});
    asio::co_spawn(pool, server.serve(forecast), asio::detached);

    const tempeh::Address address = server.addresses().front();
    std::thread display([&] { show(engine, address); });
    display.join();
}
