// Shows: the same messages go back and forth; a request becomes its answer, an answer the next request.
// Use it when: you send a lot. Nothing is copied, and in steady state nothing is allocated.
// Prints: the round trips, and how many messages were allocated for them.

#include <tempeh/tempeh.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

using tempeh::BlockingChannelGroup, tempeh::MessagePtr, tempeh::OpCode, tempeh::Status;

constexpr int roundTrips = 1000;

// The header already has channel and id; changing the opcode turns the request into its answer.
void serve(BlockingChannelGroup channels) {
    for (;;) {
        MessagePtr message = channels.waitReceive();
        if (message->status() == Status::ReceiverUpdate) return;
        if (message->isFromEngine()) continue;
        if (message->header.opCode == OpCode::HelloRequest) {
            message->header.opCode = OpCode::HelloResponse;
        } else if (message->header.opCode == OpCode::Request) {
            message->header.opCode = OpCode::Response;
            std::byte& counter = message->body.bytes()[0];  // in place
            counter = static_cast<std::byte>(std::to_integer<int>(counter) + 1);
        } else {
            continue;  // dropped: back to the pool
        }
        channels.post(std::move(message));
    }
}

MessagePtr nextFromPeer(BlockingChannelGroup channels) {
    for (;;) {
        MessagePtr message = channels.waitReceive();
        if (message->isFromApplication()) return message;
    }
}

int main() {
    tempeh::Reactor engine({.initialPoolMessages = 16});
    tempeh::ChannelGroup serverGroup = engine.createGroup();
    tempeh::ChannelGroup clientGroup = engine.createGroup();
    const BlockingChannelGroup client = clientGroup.blocking();

    MessagePtr message = engine.get();
    tempeh::UdsServerAddress{}.format(*message);
    serverGroup.post(std::move(message));
    message = serverGroup.blocking().waitReceive();
    const auto bound = std::get<tempeh::UdsServerAddress>(tempeh::parseAddress(*message));
    std::thread server(serve, serverGroup.blocking());

    message->reset();  // as new, its memory kept
    tempeh::UdsClientAddress{bound.path}.format(*message);
    client.post(std::move(message));
    message = nextFromPeer(client);  // the HelloResponse, and from now on everything else

    message->body.assign(std::string_view("\0", 1));
    const auto before = engine.stats().pool.allocations;
    for (int i = 0; i < roundTrips; ++i) {
        message->header.opCode = OpCode::Request;
        message->header.messageId = 0;  // post() gives it the next one
        client.post(std::move(message));
        message = nextFromPeer(client);
    }
    const int counted = std::to_integer<int>(message->body.bytes()[0]);
    fmt::print("{} round trips, counted {} modulo 256\n", roundTrips, counted);
    fmt::print("{} messages made meanwhile\n", engine.stats().pool.allocations - before);
    serverGroup.updateReceiver();
    server.join();
}
