// Guide, step 7: a centre that ends in order: nobody new, what was asked is
// answered, everything goes out.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <future>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// Ends by what receive() throws: the display went, or the server stops.
asio::awaitable<void> serve(flows::Peer display, std::promise<void>* asked) {
    for (;;) {
        MessagePtr message = co_await display.receive();
        if (message->header.opCode != OpCode::Request) continue;
        asked->set_value();
        co_await display.sleep(30ms);  // the question needs some thought
        co_await display.respond(std::move(message), "12.5 degrees");
    }
}

asio::awaitable<std::string> ask(flows::Peer centre) {
    MessagePtr question = centre.newMessage(OpCode::Request, "how warm is it?");
    MessagePtr answer = co_await centre.request(std::move(question), 5s);
    co_return answer ? std::string(answer->body.view()) : "no answer";
}

int main() {
    tempeh::Reactor engine;
    std::promise<void> asked;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    const flows::Handler handler = [&asked](flows::Peer display) {
        return serve(std::move(display), &asked);
    };
    asio::co_spawn(engine.executor(), server.serve(handler), asio::detached);

    const flows::Peer centre =
        flows::connectBlocking(engine, server.addresses().front()).peer();
    std::future<std::string> answer =
        asio::co_spawn(engine.executor(), ask(centre), asio::use_future);
    asked.get_future().wait();

    // Here a signal handler, or whoever decides that it is time, would do so.
    const bool isInTime =
        asio::co_spawn(engine.executor(), server.stop(5s), asio::use_future)
            .get();
    fmt::print("handlers {}\n", isInTime ? "finished" : "had to be aborted");
    fmt::print("the last question: {}\n", answer.get());

    const tempeh::ShutdownReport report = engine.shutdown(2s);
    fmt::print("shutdown {}\n", report.complete ? "complete" : "incomplete");
    for (const std::string& line : report.blocked)
        fmt::print("  {}\n", line);
}
