// Shows: pluggable services behind several listeners, in one thread with one loop and no coroutines.
// Use it when: you want plain functions that are called for each message, one after the other.
// Prints: the services' answers, and how many messages they handled.

#include <tempeh/flows.hpp>

#include <fmt/core.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace flows = tempeh::flows;
using namespace std::chrono_literals;
using tempeh::MessagePtr, tempeh::OpCode;

// Takes the requests that begin with its word; other messages are offered to the next service.
class Reverse final : public flows::Service {
public:
    void start(tempeh::Ampe&, tempeh::BlockingChannelGroup channels) override { channels_.emplace(channels); }

    bool onMessage(MessagePtr& message) override {
        constexpr std::string_view word = "reverse ";
        const std::string_view text = message->body.view();
        if (message->header.opCode != OpCode::Request || !text.starts_with(word)) return true;
        const std::string_view rest = text.substr(word.size());
        message->header.opCode = OpCode::Response;
        message->body.assign(std::string(rest.rbegin(), rest.rend()));
        tempeh::error_code ec;  // a client that reads no answers loses this one
        channels_->post(std::move(message), ec);
        ++count_;
        return true;  // false would end the loop
    }

    void stop() noexcept override { fmt::print("Reverse had {} request(s)\n", count_); }

private:
    std::optional<tempeh::BlockingChannelGroup> channels_;
    int count_ = 0;
};

// Greets the clients and echoes every request that no other service took.
class Echo final : public flows::Service {
public:
    void start(tempeh::Ampe&, tempeh::BlockingChannelGroup channels) override { channels_.emplace(channels); }

    bool onMessage(MessagePtr& message) override {
        if (message->isFromEngine()) return true;
        if (message->header.opCode == OpCode::HelloRequest)
            message->header.opCode = OpCode::HelloResponse;
        else if (message->header.opCode == OpCode::Request)
            message->header.opCode = OpCode::Response;
        else
            return true;  // a bye is answered by the engine
        tempeh::error_code ec;
        channels_->post(std::move(message), ec);
        return true;
    }

private:
    std::optional<tempeh::BlockingChannelGroup> channels_;
};

int main() {
    tempeh::Reactor engine;
    flows::Services services;
    services.add(std::make_unique<Reverse>());
    services.add(std::make_unique<Echo>());
    flows::ServiceThread server(
        engine, {tempeh::TcpServerAddress{"127.0.0.1", 0}, tempeh::UdsServerAddress{}}, services);

    for (const tempeh::Address& address : server.addresses()) {
        const flows::BlockingPeer peer = flows::connectBlocking(engine, address);
        for (const std::string_view text : {"reverse looter", "looter"}) {
            const MessagePtr answer = peer.request(peer.newMessage(OpCode::Request, text), 10s);
            fmt::print("{} -> {}\n", text, answer ? answer->body.view() : "no answer");
        }
        peer.close();
    }
    server.stop();
}
