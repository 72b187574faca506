#include <tempeh/flows.hpp>
#include <tempeh/message/fmt.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <chrono>
#include <cstdlib>
#include <utility>

namespace flows = tempeh::flows;

boost::asio::awaitable<void> answer(flows::Peer client) {
    for (;;) {
        tempeh::MessagePtr request = co_await client.receive();
        if (request->header.opCode == tempeh::OpCode::Request)
            co_await client.respond(std::move(request), "it works");
    }
}

int main() {
    tempeh::Reactor engine;
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    boost::asio::co_spawn(engine.executor(), server.serve(answer), boost::asio::detached);

    const flows::BlockingPeer peer = flows::connectBlocking(engine, server.addresses().front());
    const auto response =
        peer.request(peer.newMessage(tempeh::OpCode::Request, "does it?"), std::chrono::seconds(10));
    if (!response) return EXIT_FAILURE;
    fmt::print("{} {}\n", response->header.opCode, response->body.view());
    peer.close();
}
