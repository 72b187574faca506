// Guide, step 3: what can go wrong, and how each of it is told apart.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode, tempeh::Status;

asio::awaitable<void> serve(flows::Peer display) {
    for (;;) {
        MessagePtr message = co_await display.receive();
        if (message->header.opCode != OpCode::Request) continue;
        if (message->body.view() == "tomorrow") continue;  // nobody knows yet
        if (message->body.view() == "today")
            co_await display.respond(std::move(message), "12.5 degrees");
        else
            co_await display.respond(std::move(message), "never heard of", 1);
    }
}

// One line for each way in which a question can end.
asio::awaitable<std::string> ask(flows::Peer centre, std::string question,
                                 tempeh::Duration patience) {
    try {
        MessagePtr request = centre.newMessage(OpCode::Request, question);
        MessagePtr answer =
            co_await centre.request(std::move(request), patience);
        if (!answer) co_return "no answer in time; may ask again";
        if (answer->header.status != 0)
            co_return "the centre says: " + std::string(answer->body.view());
        co_return std::string(answer->body.view());
    } catch (const tempeh::Error& error) {
        if (centre.isOpen()) throw;  // not because of the connection
        co_return "the connection has ended";
    }
}

asio::awaitable<void> tryToConnect(tempeh::Ampe& engine,
                                   tempeh::Address address) {
    try {
        const flows::ConnectOptions options{.attempts = 2, .timeout = 5s};
        co_await flows::connect(engine, address, options);
    } catch (const tempeh::Error& error) {
        fmt::print("connecting: {}\n", tempeh::nameOf(error.status()));
    }
}

int main() {
    tempeh::Reactor engine;
    std::optional<flows::Server> server;
    server.emplace(engine, std::vector<tempeh::Address>{
                               tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server->serve(serve), asio::detached);
    const tempeh::Address address = server->addresses().front();
    const flows::Peer centre = flows::connectBlocking(engine, address).peer();

    const auto print = [&](const std::string& question,
                           tempeh::Duration patience = 10s) {
        const std::string answer =
            asio::co_spawn(engine.executor(), ask(centre, question, patience),
                           asio::use_future)
                .get();
        fmt::print("{}: {}\n", question, answer);
    };
    print("today");
    print("yesterday");
    print("tomorrow", 20ms);
    print("today");  // the timeout did no harm

    server.reset();  // as if its process had ended
    print("today");
    asio::co_spawn(engine.executor(), tryToConnect(engine, address),
                   asio::use_future)
        .get();
}
