#include "snippets.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

using namespace std::chrono_literals;

asio::awaitable<std::string> ask(tempeh::Reactor& reactor, std::uint16_t port, std::string text) {
    tempeh::ChannelGroup group = reactor.createGroup();
    tempeh::MessagePtr hello = reactor.get();
    tempeh::TcpClientAddress{"127.0.0.1", port}.format(*hello);
    const tempeh::ChannelNumber channel = group.post(std::move(hello)).channelNumber;

    tempeh::MessagePtr request =
        reactor.get();                        // need not wait for the connection: it is sent behind the hello
    request->header.channelNumber = channel;  // opCode is Request unless said otherwise
    request->textHeaders.append("language", "en");
    request->body.append(text);
    const tempeh::MessageId id = group.post(std::move(request)).messageId;

    for (;;) {
        tempeh::MessagePtr message = co_await group.waitReceive(5s);
        if (!message) throw std::runtime_error("no answer in 5 s");
        if (message->isFromEngine()) throw tempeh::Error(message->status());
        const bool isAnswer = message->header.opCode == tempeh::OpCode::Response;
        if (isAnswer && message->header.messageId == id) co_return std::string(message->body.view());
    }
}

std::string askFromThread(tempeh::Ampe& engine, std::uint16_t port, const std::string& text) {
    tempeh::ChannelGroup group = engine.createGroup();
    tempeh::BlockingChannelGroup channels = group.blocking();
    tempeh::MessagePtr message = engine.get();
    tempeh::TcpClientAddress{"127.0.0.1", port}.format(*message);
    const tempeh::ChannelNumber channel = channels.post(std::move(message)).channelNumber;

    message = engine.get();
    message->header.channelNumber = channel;
    message->body.append(text);
    channels.post(std::move(message));

    while ((message = channels.waitReceive(5s))) {
        if (message->isFromEngine()) throw tempeh::Error(message->status());
        if (message->header.opCode == tempeh::OpCode::Response) return std::string(message->body.view());
    }
    throw std::runtime_error("no answer in 5 s");
}
