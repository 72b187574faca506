// Shows: another thread wakes a blocked receiver, gives it news, and in the end tells it to stop.
// Use it when: signals, configuration or results from elsewhere have to reach the loop that receives.
// Prints: what arrived at the receiver, and how the engine's shutdown went.

#include <tempeh/tempeh.hpp>

#include <fmt/core.h>

#include <chrono>
#include <functional>
#include <future>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

using namespace std::chrono_literals;
using tempeh::BlockingChannelGroup, tempeh::ChannelNumber, tempeh::MessagePtr, tempeh::OpCode, tempeh::Status;

// Blocks in waitReceive most of its life. What is told to it comes in order with everything else.
void receive(tempeh::Ampe& engine, BlockingChannelGroup channels, std::promise<tempeh::Address> listening) {
    std::set<ChannelNumber> clients;
    bool isStopping = false;
    while (!isStopping || !clients.empty()) {
        MessagePtr message = channels.waitReceive();
        const ChannelNumber channel = message->header.channelNumber;
        if (message->header.opCode == OpCode::WelcomeResponse) {
            listening.set_value(tempeh::parseAddress(*message));
        } else if (message->header.opCode == OpCode::HelloRequest) {
            clients.insert(channel);
            message->header.opCode = OpCode::HelloResponse;
            channels.post(std::move(message));
        } else if (message->isChannelClosed()) {
            if (clients.erase(channel) != 0) fmt::print("a client has gone\n");
        } else if (message->status() == Status::ReceiverUpdate) {
            fmt::print("told to {}\n", message->body.view());
            isStopping = message->body.view() == "stop";
            if (!isStopping) continue;
            for (const ChannelNumber client : clients) {  // each ends with a ChannelClosed
                MessagePtr bye = engine.get();
                bye->header.opCode = OpCode::ByeRequest;
                bye->header.channelNumber = client;
                channels.post(std::move(bye));
            }
        }
    }
}

void tell(tempeh::Ampe& engine, BlockingChannelGroup channels, std::string_view news) {
    MessagePtr message = engine.get();  // may carry anything: headers, body, userData
    message->body.append(news);
    channels.updateReceiver(std::move(message));  // any thread, never blocks
}

int main() {
    tempeh::Reactor engine;
    tempeh::ChannelGroup group = engine.createGroup();
    MessagePtr welcome = engine.get();
    tempeh::UdsServerAddress{}.format(*welcome);
    group.post(std::move(welcome));
    std::promise<tempeh::Address> listening;
    auto address = listening.get_future();
    std::thread receiver(receive, std::ref(engine), group.blocking(), std::move(listening));

    tempeh::ChannelGroup client = engine.createGroup();
    MessagePtr hello = engine.get();
    tempeh::UdsClientAddress{std::get<tempeh::UdsServerAddress>(address.get()).path}.format(*hello);
    client.post(std::move(hello));
    client.blocking().waitReceive();  // the HelloResponse

    tell(engine, group.blocking(), "reload");
    tell(engine, group.blocking(), "stop");
    while (!client.blocking().waitReceive()->isChannelClosed())
        continue;  // a ByeRequest dropped is answered by the engine
    receiver.join();

    const tempeh::ShutdownReport report = engine.shutdown(5s);
    fmt::print("shutdown {}\n", report.complete ? "complete" : "left something behind");
    for (const std::string& line : report.blocked)
        fmt::print("{}\n", line);
}
