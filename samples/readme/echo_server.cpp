#include "snippets.hpp"

#include <utility>

asio::awaitable<void> echoServer(tempeh::Reactor& reactor, std::uint16_t port) {
    tempeh::ChannelGroup group = reactor.createGroup();
    tempeh::MessagePtr welcome = reactor.get();                    // from the pool
    tempeh::TcpServerAddress{"127.0.0.1", port}.format(*welcome);  // UdsServerAddress{path}: the same
    group.post(std::move(welcome));                                // the engine listens
    for (;;) {
        tempeh::MessagePtr message = co_await group.waitReceive();  // from any client, in order
        if (message->isFromEngine()) continue;                      // a status, e.g. ChannelClosed
        if (message->header.opCode == tempeh::OpCode::HelloRequest)
            message->header.opCode = tempeh::OpCode::HelloResponse;
        else if (message->header.opCode == tempeh::OpCode::Request)
            message->header.opCode = tempeh::OpCode::Response;
        else
            continue;  // a ByeRequest dropped here is answered by the engine
        tempeh::error_code ec;
        group.post(std::move(message), ec);  // back where it came from; nothing was copied
        if (ec) message.reset();             // a client that reads no answers: its queue is full
    }
}
