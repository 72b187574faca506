// A user's file as in the first example of the README.
#include <tempeh/tempeh.hpp>

#include <chrono>
#include <utility>

using namespace std::chrono_literals;

tempeh::asio::awaitable<void> echoServer(tempeh::Reactor& reactor) {
    tempeh::ChannelGroup group = reactor.createGroup();
    tempeh::MessagePtr welcome = reactor.get();
    tempeh::TcpServerAddress{"127.0.0.1", 7099}.format(*welcome);
    group.post(std::move(welcome));
    for (;;) {
        tempeh::MessagePtr message = co_await group.waitReceive(1s);
        if (!message || message->isFromEngine()) continue;
        if (message->header.opCode == tempeh::OpCode::HelloRequest)
            message->header.opCode = tempeh::OpCode::HelloResponse;
        else if (message->header.opCode == tempeh::OpCode::Request)
            message->header.opCode = tempeh::OpCode::Response;
        else
            continue;
        group.post(std::move(message));
    }
}
