// Shows: a server and its client in one process, on threads of their own, without a socket between them.
// Use it when: parts of a program should talk as if they were programs, and may become some one day.
// Prints: the answer, and that the name is taken.

#include <tempeh/all.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/core.h>

#include <chrono>
#include <utility>

namespace asio = boost::asio;
namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

asio::awaitable<void> answer(flows::Peer client) {
    for (;;) {
        MessagePtr request = co_await client.receive();
        if (request->header.opCode == OpCode::Request) co_await client.respond(std::move(request), "heard");
    }
}

void askOverMemory() {
    tempeh::Reactor orders;  // each engine has a thread
    flows::Server server(orders, {tempeh::MemServerAddress{"orders"}});
    asio::co_spawn(orders.executor(), server.serve(answer), asio::detached);
    server.addresses();  // waits until it listens

    tempeh::Reactor shop;
    const flows::BlockingPeer peer = flows::connectBlocking(shop, tempeh::MemClientAddress{"orders"});
    const MessagePtr response = peer.request(peer.newMessage(OpCode::Request, "two of them"), 10s);
    fmt::print("{} over {}\n", response->body.view(), peer.info().peerAddress);
}

void takeATakenName() {
    tempeh::Reactor engine;
    const flows::Server first(engine, {tempeh::MemServerAddress{"orders"}});
    try {
        const flows::Server second(engine, {tempeh::MemServerAddress{"orders"}});
        second.addresses();
    } catch (const tempeh::Error& error) {
        if (error.status() == tempeh::Status::ListenFailed) fmt::print("the name is taken\n");
    }
}

int main() {
    askOverMemory();
    takeATakenName();
}
