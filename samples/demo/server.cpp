#include "server.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace demo {

using tempeh::Message;
using tempeh::MessagePtr;
using tempeh::OpCode;
using tempeh::Status;

Server::Server(tempeh::Reactor& reactor) : reactor_(reactor), group_(reactor.createGroup()) {}

boost::asio::awaitable<std::vector<tempeh::Address>> Server::listen() {
    MessagePtr tcp = reactor_.get();
    tempeh::TcpServerAddress{"127.0.0.1", 0}.format(*tcp);  // any free port
    const tempeh::ChannelNumber tcpChannel = group_.post(std::move(tcp)).channelNumber;
    MessagePtr uds = reactor_.get();
    tempeh::UdsServerAddress{"", 0600}.format(*uds);  // a fresh path, for this user only
    group_.post(std::move(uds));

    std::vector<tempeh::Address> addresses(2);
    for (int i = 0; i < 2; ++i) {
        MessagePtr welcome = co_await group_.waitReceive();
        if (welcome->status() != Status::Success) throw tempeh::Error(welcome->status());
        const tempeh::Address bound = tempeh::parseAddress(*welcome);  // as it was really bound
        if (welcome->header.channelNumber == tcpChannel)
            addresses[0] =
                tempeh::TcpClientAddress{"127.0.0.1", std::get<tempeh::TcpServerAddress>(bound).port};
        else
            addresses[1] = tempeh::UdsClientAddress{std::get<tempeh::UdsServerAddress>(bound).path};
    }
    co_return addresses;
}

boost::asio::awaitable<void> Server::serve(std::size_t clients) {
    while (gone_ < clients) {
        MessagePtr message = co_await group_.waitReceive();
        take(std::move(message));
    }
}

void Server::take(MessagePtr message) {
    if (message->isFromEngine()) return takeStatus(*message);
    const tempeh::ChannelNumber channel = message->header.channelNumber;
    try {
        takeFromClient(std::move(message));
    } catch (const std::exception& failure) {
        // A report that makes no sense, or a client that never reads its answers (SendQueueFull): whatever a
        // client does costs its own channel and nobody else's.
        fmt::print(stderr, "closing channel {}: {}\n", channel, failure.what());
        MessagePtr bye = reactor_.get();
        bye->header.opCode = OpCode::ByeSignal;
        bye->header.channelNumber = channel;
        group_.post(std::move(bye));
    }
}

void Server::takeFromClient(MessagePtr message) {
    if (message->header.opCode == OpCode::HelloRequest) return welcome(std::move(message));
    const auto found = open_.find(message->header.channelNumber);
    if (found == open_.end()) return;
    ClientRecord& client = clients_[found->second];
    if (message->header.opCode == OpCode::Request)
        answer(client, std::move(message));
    else if (message->header.opCode == OpCode::Signal)
        client.report = Report::read(*message);
    else if (message->header.opCode == OpCode::ByeRequest)
        sayGoodbye(client, std::move(message));
}

/// Of the statuses only the end of a channel matters here: a message that comes back was meant for a client
/// that is gone, and its ChannelClosed follows.
void Server::takeStatus(const Message& status) {
    if (!status.isChannelClosed()) return;
    const auto found = open_.find(status.header.channelNumber);
    if (found == open_.end()) return;
    clients_[found->second].end = status.textHeaders.find("~reason").value_or("");
    open_.erase(found);
    ++gone_;
}

namespace {

std::string describePeer(const tempeh::ChannelInfo& info) {
    if (info.peerCredentials)
        return fmt::format("pid {} uid {}", info.peerCredentials->pid, info.peerCredentials->uid);
    return info.peerAddress.substr(info.peerAddress.find('|') + 1);
}

}  // namespace

void Server::welcome(MessagePtr hello) {
    const tempeh::ChannelNumber channel = hello->header.channelNumber;
    const tempeh::ChannelInfo info = group_.channelInfo(channel);
    ClientRecord client;
    client.name = hello->textHeaders.find(nameHeader).value_or("?");
    client.style = hello->textHeaders.find(styleHeader).value_or("?");
    client.transport = info.transport == tempeh::Transport::Tcp ? "TCP" : "Unix";
    client.peer = describePeer(info);
    open_[channel] = clients_.size();
    clients_.push_back(std::move(client));

    hello->header.opCode = OpCode::HelloResponse;
    group_.post(std::move(hello));
}

void Server::answer(ClientRecord& client, MessagePtr request) {
    ++client.answered;
    client.bytes += 2 * request->body.size();
    request->header.opCode = OpCode::Response;  // the same message goes back, channel and id are in it
    capitalise(request->body);
    group_.post(std::move(request));
}

void Server::sayGoodbye(ClientRecord& client, MessagePtr bye) {
    client.saidBye = true;
    client.report = Report::read(*bye);
    bye->header.opCode = OpCode::ByeResponse;
    bye->textHeaders.clear();
    bye->textHeaders.append(answeredHeader, fmt::format("{}", client.answered));
    group_.post(std::move(bye));
}

void Server::tellNews() {
    for (const auto& [channel, place] : open_) {
        ClientRecord& client = clients_[place];
        if (client.saidBye) continue;
        MessagePtr news = reactor_.get();
        news->header.opCode = OpCode::Signal;
        news->header.channelNumber = channel;
        news->textHeaders.append(newsHeader, fmt::format("{}", ++client.news));
        group_.post(std::move(news));
    }
}

}  // namespace demo
