// Guide, step 4: an answer larger than a message, read as it comes.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// A day has a reading a second. Never more than a window of it is in memory:
// write() waits while the display is behind.
asio::awaitable<void> sendDay(flows::Peer display, MessagePtr request) {
    flows::StreamWriter day(display, std::move(request));
    for (int second = 0; second < 86'400; ++second)
        co_await day.write(fmt::format("{} {}\n", second, second % 30));
    co_await day.finish();
}

asio::awaitable<void> serve(flows::Peer display) {
    for (;;) {
        MessagePtr message = co_await display.receive();
        if (message->header.opCode == OpCode::Request)
            co_await sendDay(display, std::move(message));
    }
}

asio::awaitable<void> show(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer centre = co_await flows::connect(engine, address);
    MessagePtr question = centre.newMessage(OpCode::Request, "all of today");
    flows::StreamReader day =
        co_await flows::requestStream(centre, std::move(question), 5s);
    if (!day) throw std::runtime_error("no answer in 5 s");

    std::size_t parts = 0, bytes = 0;
    while (MessagePtr part = co_await day.next()) {  // null after the last
        ++parts;
        bytes += part->body.size();
    }
    fmt::print("{} bytes in {} messages\n", bytes, parts);
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
