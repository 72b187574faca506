#include <tempeh/flows.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <iostream>

namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// One per client. When the client has gone, receive() throws and this ends.
boost::asio::awaitable<void> serve(flows::Peer client) {
    for (;;) {
        MessagePtr message = co_await client.receive();
        if (message->header.opCode == OpCode::Request)
            co_await client.respond(std::move(message), "12.5 degrees");
    }
}

int main() {
    tempeh::Reactor engine;  // the sockets, a pool of messages, one thread
    flows::Server server(engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}});
    boost::asio::co_spawn(engine.executor(), server.serve(serve),
                          boost::asio::detached);

    // A client in a plain thread; in a coroutine, co_await flows::connect().
    auto peer = flows::connectBlocking(engine, server.addresses().front());
    MessagePtr question = peer.newMessage(OpCode::Request, "how warm is it?");
    MessagePtr answer = peer.request(std::move(question), 5s);
    std::cout << (answer ? answer->body.view() : "no answer in 5 s") << '\n';
}
