// Shows: one receive loop serves all clients; it finds its data of each by the channel number.
// Use it when: you want the whole server in one place, with its state in plain containers and no locks.
// Prints: the answers to three of fifty clients, and how many are left in the end.

#include <tempeh/tempeh.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace asio = boost::asio;
using tempeh::ChannelNumber, tempeh::MessagePtr, tempeh::OpCode, tempeh::Status;

struct Account {
    std::string owner;
    long balance = 0;
};

class Bank {
public:
    explicit Bank(tempeh::Ampe& engine) : group_(engine.createGroup()) {
        MessagePtr welcome = engine.get();
        tempeh::TcpServerAddress{"127.0.0.1", 0}.format(*welcome);
        group_.post(std::move(welcome));
        address_ = tempeh::parseAddress(*group_.blocking().waitReceive());
    }

    // Until the last client has gone.
    asio::awaitable<void> serve() {
        do {
            MessagePtr message = co_await group_.waitReceive();
            take(std::move(message));
        } while (!accounts_.empty());
        fmt::print("{} clients at most, {} are left\n", most_, accounts_.size());
    }

    tempeh::TcpClientAddress address() const {
        return {"127.0.0.1", std::get<tempeh::TcpServerAddress>(address_).port};
    }

private:
    void take(MessagePtr message) {
        const ChannelNumber channel = message->header.channelNumber;
        if (message->isFromEngine()) {
            // After its ChannelClosed the number may become another client's: forget it now.
            if (message->isChannelClosed()) accounts_.erase(channel);
        } else if (message->header.opCode == OpCode::HelloRequest) {
            accounts_[channel].owner = message->textHeaders.find("owner").value_or("?");
            most_ = std::max(most_, accounts_.size());
            message->header.opCode = OpCode::HelloResponse;
            group_.post(std::move(message));
        } else if (message->header.opCode == OpCode::Request) {
            Account& account = accounts_.at(channel);
            account.balance += std::stol(std::string(message->body.view()));
            message->header.opCode = OpCode::Response;
            message->body.assign(fmt::format("{} has {}", account.owner, account.balance));
            group_.post(std::move(message));
        }
    }

    tempeh::ChannelGroup group_;
    tempeh::Address address_;
    std::unordered_map<ChannelNumber, Account> accounts_;
    std::size_t most_ = 0;
};

// You may post before the channel is connected: the deposits go out after the hello.
ChannelNumber makeDeposits(tempeh::Ampe& engine, tempeh::BlockingChannelGroup channels,
                           const tempeh::TcpClientAddress& bank, int client) {
    MessagePtr message = engine.get();
    bank.format(*message);
    message->textHeaders.append("owner", fmt::format("client {}", client));
    const ChannelNumber channel = channels.post(std::move(message)).channelNumber;
    for (int i = 1; i <= 3; ++i) {
        message = engine.get();
        message->header.channelNumber = channel;
        message->body.append(std::to_string(client * i));
        channels.post(std::move(message));
    }
    return channel;
}

int main() {
    tempeh::Reactor engine;
    Bank bank(engine);
    auto served = asio::co_spawn(engine.executor(), bank.serve(), asio::use_future);

    tempeh::ChannelGroup group = engine.createGroup();  // fifty clients in one group: one receiver for all
    std::vector<ChannelNumber> clients;
    for (int client = 0; client < 50; ++client)
        clients.push_back(makeDeposits(engine, group.blocking(), bank.address(), client));

    std::unordered_map<ChannelNumber, std::string> last;
    for (int answers = 0; answers < 50 * 3;) {
        const MessagePtr message = group.blocking().waitReceive();
        if (message->header.opCode != OpCode::Response) continue;
        last[message->header.channelNumber] = message->body.view();
        ++answers;
    }
    for (const int client : {1, 7, 49})
        fmt::print("{}\n", last[clients[static_cast<std::size_t>(client)]]);
    group = {};  // closes its channels
    served.get();
}
