// Shows: a receiver that holds on to messages stops its sender; when it releases them, both go on.
// Use it when: one side may be faster than the other. Memory stays bounded, and nothing is dropped.
// Prints: each limit as it is reached, and that everything arrived in order.

#include <tempeh/tempeh.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using tempeh::BlockingChannelGroup, tempeh::MessagePtr, tempeh::OpCode, tempeh::Status;

constexpr int total = 500;
constexpr std::size_t size = 16'384;  // bytes of each: together they are more than the sockets hold

class Sender {
public:
    Sender(tempeh::Ampe& engine, const std::string& path) : engine_(engine), group_(engine.createGroup()) {
        MessagePtr hello = engine.get();
        tempeh::UdsClientAddress{path}.format(*hello);
        channel_ = group_.post(std::move(hello)).channelNumber;
    }

    // Until post() refuses, because nobody receives yet.
    void fill() {
        tempeh::error_code ec;
        while (!ec)
            postNext(ec);
        fmt::print("sender: {}\n", tempeh::nameOf(static_cast<Status>(ec.value())));
    }

    asio::awaitable<void> sendTheRest() {
        while (next_ < total) {
            tempeh::error_code ec;
            postNext(ec);
            if (!ec) continue;
            if (ec != Status::SendQueueFull) throw tempeh::Error(ec);
            // Until half of the queue is free again.
            const bool hasRoom = co_await group_.waitWritable(channel_, 10s);
            if (!hasRoom) throw tempeh::Error(ec);
        }
    }

private:
    void postNext(tempeh::error_code& ec) {
        if (!message_) {
            message_ = engine_.get();
            message_->header.opCode = OpCode::Signal;
            message_->header.channelNumber = channel_;
            message_->body.append(std::to_string(next_));
            message_->body.append(std::string(size - message_->body.size(), ' '));
        }
        group_.post(std::move(message_), ec);  // refused: the message is still ours
        if (!ec) ++next_;
    }

    tempeh::Ampe& engine_;
    tempeh::ChannelGroup group_;
    tempeh::ChannelNumber channel_ = 0;
    MessagePtr message_;
    int next_ = 0;
};

int main() {
    tempeh::Reactor receiving({.initialPoolMessages = 16, .maxPoolMessages = 16});
    tempeh::Reactor sending({.sendQueueMessages = 64});
    tempeh::ChannelGroup group = receiving.createGroup();
    const BlockingChannelGroup receiver = group.blocking();
    MessagePtr message = receiving.get();
    tempeh::UdsServerAddress{}.format(*message);
    receiver.post(std::move(message));
    message = receiver.waitReceive();
    Sender sender(sending, std::get<tempeh::UdsServerAddress>(tempeh::parseAddress(*message)).path);

    sender.fill();

    std::vector<MessagePtr> hoard;
    for (;;) {
        message = receiver.waitReceive();
        if (message->status() == Status::PoolEmpty) break;  // reported once; reading has stopped
        hoard.push_back(std::move(message));
    }
    fmt::print("receiver: PoolEmpty\n");

    // Work that can wait uses PoolOnly and gets null; work that cannot wait still gets a message.
    while (MessagePtr last = receiving.get(tempeh::AllocationStrategy::PoolOnly))
        hoard.push_back(std::move(last));
    const bool canHave = receiving.get(tempeh::AllocationStrategy::Always) != nullptr;
    fmt::print("pool: nothing left, {} with Always\n", canHave ? "a message" : "nothing");

    auto rest = asio::co_spawn(sending.executor(), sender.sendTheRest(), asio::use_future);
    int expected = 0, outOfOrder = 0;
    const auto take = [&](const tempeh::Message& taken) {
        if (taken.header.opCode != OpCode::Signal || taken.isFromEngine()) return;  // a hello, a PoolEmpty
        outOfOrder += std::stoi(std::string(taken.body.view())) == expected ? 0 : 1;
        ++expected;
    };
    for (MessagePtr& kept : hoard) {
        take(*kept);
        kept.reset();  // back to the pool: reading resumes by itself
    }
    while (expected < total) {
        message = receiver.waitReceive();
        take(*message);
    }
    rest.get();
    fmt::print("{} messages arrived, {} out of order\n", expected, outOfOrder);
}
