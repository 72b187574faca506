// Shows: requests find handlers by a text header, through layers; a request's time travels with it.
// Use it when: a server has more than a few kinds of requests, or asks others in order to answer.
// Prints: what the log says of each request, and what the client was told.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

asio::awaitable<void> greet(flows::RequestContext& request) {
    request.answer("hello, " + std::string(request.message().body.view()));
    co_return;
}

// Cancelled when the asker's time is over, wherever it waits.
asio::awaitable<void> think(flows::RequestContext& request) {
    co_await request.peer().sleep(1h);
    request.answer("42");
}

flows::Router makeRouter() {
    flows::Router router("do", {.requestsPerPeer = 8});
    router.use(flows::logRequests([](const flows::RequestRecord& record) {
        fmt::print("log: {} {}\n", record.route,
                   record.isCancelled ? "cancelled" : fmt::format("status {}", record.status.value_or(0)));
    }));
    router.use(flows::refuseIf([](const flows::RequestContext& request) {
        return request.message().textHeaders.find("token") == "s3cret" ? "" : "no token";
    }));
    router.on("greet", greet).on("think", think);
    return router;
}

MessagePtr toDo(const flows::Peer& server, std::string_view what, std::string_view token) {
    MessagePtr request = server.newMessage(OpCode::Request, "world");
    request->textHeaders.append("do", what);
    request->textHeaders.append("token", token);
    return request;
}

asio::awaitable<void> greetWith(flows::Peer server, std::string token) {
    const MessagePtr answer = co_await server.request(toDo(server, "greet", token));
    const auto refusal = answer->textHeaders.find("~reason");
    fmt::print("{}\n", refusal ? *refusal : answer->body.view());
}

asio::awaitable<void> talk(tempeh::Ampe& engine, tempeh::Address address) {
    flows::Peer server = co_await flows::connect(engine, address);
    co_await greetWith(server, "s3cret");
    co_await greetWith(server, "guessed");
    // A timed request tells the server how long it waits, and when it gives up.
    co_await server.timed().request(toDo(server, "think", "s3cret"), 50ms);
    co_await server.close();
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(makeRouter()), asio::detached);
    asio::co_spawn(engine.executor(), talk(engine, server.addresses().front()), asio::use_future).get();
}
