#include "snippets.hpp"

#include <chrono>
#include <cstdio>
#include <utility>

using namespace std::chrono_literals;

void goodbye(tempeh::Ampe& engine, tempeh::BlockingChannelGroup channels, tempeh::ChannelNumber channel) {
    tempeh::MessagePtr bye = engine.get();
    bye->header.opCode = tempeh::OpCode::ByeRequest;  // goes out behind everything posted before it
    bye->header.channelNumber = channel;
    channels.post(std::move(bye));
    while (tempeh::MessagePtr message = channels.waitReceive(10s))
        if (message->isChannelClosed() && message->header.channelNumber == channel) return;
}

void stop(tempeh::Reactor& reactor) {
    const tempeh::ShutdownReport report = reactor.shutdown(2s);
    for (const std::string& line : report.blocked)  // empty when everything went out in time
        std::fprintf(stderr, "%s\n", line.c_str());
}

tempeh::Options smallEngine() {
    return tempeh::Options{.initialPoolMessages = 64,
                           .maxPoolMessages = 1024,
                           .connectTimeout = 3s,
                           .maxChannels = 100,
                           .sendQueueMessages = 256};
}

tempeh::Options publicListener() {
    return tempeh::Options{.helloTimeout = 3s,
                           .maxChannels = 2000,
                           .sendQueueMessages = 256,
                           .sendQueueBytes = 1024 * 1024,
                           .frameTimeout = 10s,
                           .writeTimeout = 60s,
                           .maxConnectionsPerListener = 1000,
                           .maxConnectionsPerPeer = 20,
                           .maxHandshakesPerListener = 256,
                           .maxAcceptsPerSecondPerPeer = 50};
}
