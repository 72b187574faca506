// Shows: a thousand requests in flight on one channel; each finds its own answer, in whatever order.
// Use it when: waiting for one answer before asking again would be too slow.
// Prints: how many there were, and that every answer was correct.

#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

constexpr std::size_t count = 1000;

// Waits for all requests and answers the last one first.
asio::awaitable<void> squareBackwards(flows::Peer client) {
    std::vector<MessagePtr> requests;
    while (requests.size() < count) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode == OpCode::Request) requests.push_back(std::move(request));
    }
    for (; !requests.empty(); requests.pop_back()) {
        const long number = std::stol(std::string(requests.back()->body.view()));
        co_await client.respond(std::move(requests.back()), std::to_string(number * number));
    }
    co_await client.receive();  // the client's bye
}

// The message id matches them: request() chooses it, and the answer carries the same id.
asio::awaitable<bool> isSquared(flows::Peer server, long number) {
    MessagePtr request = server.newMessage(OpCode::Request, std::to_string(number));
    const MessagePtr answer = co_await server.request(std::move(request), 10s);
    co_return answer && answer->body.view() == std::to_string(number * number);
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    asio::co_spawn(engine.executor(), server.serve(squareBackwards), asio::detached);
    const flows::Peer peer = flows::connectBlocking(engine, server.addresses().front()).peer();

    std::vector<std::future<bool>> asked;
    for (std::size_t i = 0; i < count; ++i)
        asked.push_back(
            asio::co_spawn(engine.executor(), isSquared(peer, static_cast<long>(i)), asio::use_future));
    std::size_t right = 0;
    for (std::future<bool>& one : asked)
        right += one.get() ? 1 : 0;
    fmt::print("{} requests in flight at one time, {} right answers\n", peer.counters().requests, right);
}
