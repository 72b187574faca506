// What a server knows of the peers it serves, and says to all of them.

#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::Broadcast;
using flows::Peer;

asio::awaitable<void> receiveUntilTheEnd(Peer peer) {
    for (;;)
        co_await peer.receive();
}

MessagePtr signalWith(std::string_view body) {
    MessagePtr signal(new Message());
    signal->header.opCode = OpCode::Signal;
    signal->body.append(body);
    return signal;
}

asio::awaitable<void> expectSignal(Peer peer, std::string body) {
    const MessagePtr signal = co_await peer.receive(patience);
    EXPECT_TRUE(signal != nullptr && signal->body.view() == body);
    EXPECT_TRUE(signal != nullptr && valueOf(*signal, "topic") == "news");
}

std::vector<Peer> connected(FlowsPair& pair, std::size_t count) {
    std::vector<Peer> clients;
    while (clients.size() < count)
        clients.push_back(pair.connect());
    EXPECT_TRUE(eventually([&] { return pair.server->peers().size() == count; }));
    return clients;
}

TEST(FlowsServerPeers, ListsThoseItServesWithTheirAddresses) {
    FlowsPair pair(receiveUntilTheEnd);
    EXPECT_TRUE(pair.server->peers().empty());
    std::vector<Peer> clients = connected(pair, 3);
    {
        const std::vector<Peer> peers = pair.server->peers();
        for (std::size_t i = 0; i < 3; ++i)
            EXPECT_EQ(peers[i].info().peerAddress, clients[i].info().localAddress);
    }
    clients[1] = Peer();
    ASSERT_TRUE(eventually([&] { return pair.server->peers().size() == 2; }));
    EXPECT_EQ(pair.server->peers()[1].info().peerAddress, clients[2].info().localAddress);
}

TEST(FlowsServerPeers, TellAllOfThemOrSome) {
    FlowsPair pair(receiveUntilTheEnd);
    const std::vector<Peer> clients = connected(pair, 3);
    const MessagePtr news = signalWith("to all");
    news->textHeaders.append("topic", "news");
    EXPECT_EQ(pair.server->broadcast(*news).taken, 3U);
    const Peer first = pair.server->peers().front();
    news->body.assign("to others");
    const Broadcast some = pair.server->broadcast(*news, [&](const Peer& peer) { return peer != first; });
    EXPECT_EQ(some.taken, 2U);
    EXPECT_TRUE(some.tooSlow.empty());
    for (const Peer& client : clients)
        pair.onClient(expectSignal(client, "to all"));
    pair.onClient(expectSignal(clients[1], "to others"));
    pair.onClient(expectSignal(clients[2], "to others"));
}

TEST(FlowsServerPeers, NamesThoseThatAreTooSlowForABroadcast) {
    const Options small{.sendQueueMessages = 4, .sendBufferBytes = 4096};
    FlowsPair pair(receiveUntilTheEnd, localTcp(), {}, small, Options{.receiveBufferBytes = 4096});
    const Peer good = pair.connect();
    ChannelGroup group = pair.clientReactor.createGroup();
    MessagePtr hello = pair.clientReactor.get();
    format(clientAddressOf(pair.address), *hello);
    const ChannelNumber slow = group.post(std::move(hello)).channelNumber;
    ASSERT_NE(group.blocking().waitReceive(patience), nullptr);
    group.setReadMode(slow, ReadMode::Paused);
    ASSERT_TRUE(eventually([&] { return pair.server->peers().size() == 2; }));

    const MessagePtr news = signalWith(std::string(60'000, 'x'));
    Broadcast last;
    for (int i = 0; i < 1000 && last.tooSlow.empty(); ++i) {
        last = pair.server->broadcast(*news);
        pair.onClient([](Peer peer) -> asio::awaitable<void> {
            const MessagePtr signal = co_await peer.receive(patience);
            EXPECT_NE(signal, nullptr);
        }(good));
    }
    ASSERT_EQ(last.tooSlow.size(), 1U);
    EXPECT_EQ(last.taken, 1U);
    EXPECT_EQ(last.tooSlow.front(), pair.server->peers()[1]);
    last.tooSlow.front().abort();
    last = Broadcast();
    EXPECT_TRUE(eventually([&] { return pair.server->peers().size() == 1; }));
}

TEST(FlowsServerPeers, SayNothingButSignalsToAll) {
    FlowsPair pair(receiveUntilTheEnd);
    const std::vector<Peer> clients = connected(pair, 1);
    const auto statusOfBroadcast = [&](const Message& message) {
        try {
            pair.server->broadcast(message);
        } catch (const Error& error) {
            return error.status();
        }
        return Status::Success;
    };
    MessagePtr message = signalWith("x");
    message->header.more = true;
    EXPECT_EQ(statusOfBroadcast(*message), Status::InvalidMoreUsage);
    message->header.more = false;
    message->header.opCode = OpCode::Request;
    EXPECT_EQ(statusOfBroadcast(*message), Status::InvalidOpCode);
    message->header.opCode = OpCode::Signal;
    message->body.assign(std::string(70'000, 'x'));
    EXPECT_EQ(statusOfBroadcast(*message), Status::InvalidBodyLen);
}

asio::awaitable<void> expectClosedWith(Peer peer, std::string reason) {
    const error_code ec = co_await codeOf(peer.receive(patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
    EXPECT_NE(peer.endReason().find(reason), std::string::npos) << peer.endReason();
}

TEST(FlowsServerPeers, CloseOneOfThemWithAReason) {
    FlowsPair pair(receiveUntilTheEnd);
    std::vector<Peer> clients = connected(pair, 2);
    pair.server->close(pair.server->peers().front(), "no quota\x1b left");
    pair.onClient([](Peer peer) -> asio::awaitable<void> {
        const MessagePtr bye = co_await peer.receive(patience);
        EXPECT_TRUE(bye != nullptr && bye->header.opCode == OpCode::ByeRequest);
        EXPECT_TRUE(bye != nullptr && reasonOf(*bye) == "no quota\x1b left");
    }(clients[0]));
    pair.onClient(expectClosedWith(clients[0], "no quota\\x1b left"));
    EXPECT_TRUE(eventually([&] { return pair.server->peers().size() == 1; }));
    EXPECT_EQ(pair.server->counters().handlerFailures, 0U);
    const MessagePtr news = signalWith("still here");
    news->textHeaders.append("topic", "news");
    EXPECT_EQ(pair.server->broadcast(*news).taken, 1U);
    pair.onClient(expectSignal(clients[1], "still here"));
    EXPECT_THROW(pair.server->close(clients[1], "not this server's"), Error);
}

}  // namespace
}  // namespace tempeh::test
