#include "snippets.hpp"

#include <chrono>
#include <utility>

using namespace std::chrono_literals;

std::string describe(const tempeh::Message& message) {
    // From the peer's application: the status byte is the application's own.
    if (message.isFromApplication()) return std::string(nameOf(message.header.opCode));
    // From this process's engine: what happened and, where it helps, why and with whom.
    std::string text(nameOf(message.status()));
    if (const auto reason = message.textHeaders.find("~reason")) text += ", " + std::string(*reason);
    if (const auto peer = message.textHeaders.find("~peer")) text += ", " + std::string(*peer);
    return text;
}

tempeh::ChannelNumber connectPatiently(tempeh::Ampe& engine, tempeh::BlockingChannelGroup channels,
                                       const tempeh::Address& server) {
    tempeh::MessagePtr hello = engine.get();
    tempeh::format(server, *hello);
    channels.post(std::move(hello));
    for (;;) {
        tempeh::MessagePtr message = channels.waitReceive();
        if (message->header.opCode != tempeh::OpCode::HelloResponse) continue;  // a ChannelClosed
        if (message->isFromApplication()) return message->header.channelNumber;
        // Our own HelloRequest has come back: no connection. Send it again, address and headers are still in
        // it.
        channels.waitReceive(100ms);
        tempeh::format(server, *message);
        channels.post(std::move(message));
    }
}
