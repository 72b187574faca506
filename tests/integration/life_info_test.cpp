// channelInfo() and the counters, which say for each channel and reason how many.

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"

#include <gmock/gmock.h>

#include <unistd.h>

namespace tempeh::test {
namespace {

using testing::StartsWith;

TEST(ChannelInfo, OfAConnectionTellsStateAddressesAndTraffic) {
    Link link;
    for (int i = 0; i < 10; ++i)
        link.client->post(OpCode::Request, link.atClient, "12345678");
    for (int i = 0; i < 10; ++i)
        link.server->next(OpCode::Request);
    link.server->post(OpCode::Signal, link.atServer);
    link.client->next(OpCode::Signal);
    // A frame may arrive before its sender has counted it.
    ASSERT_TRUE(eventually([&] { return link.server.reactor.stats().sent.messages == 2; }));

    const ChannelInfo client = link.client->channels.channelInfo(link.atClient);
    const ChannelInfo server = link.server->group.channelInfo(link.atServer);
    EXPECT_EQ(client.channel, link.atClient);
    EXPECT_EQ(client.state, ChannelPhase::Ready);
    EXPECT_EQ(server.state, ChannelPhase::Ready);
    EXPECT_EQ(client.transport, Transport::Tcp);
    EXPECT_EQ(client.peerAddress, toString(link.listening.address));
    EXPECT_EQ(client.peerAddress, server.localAddress);
    EXPECT_EQ(client.localAddress, server.peerAddress);
    EXPECT_THAT(client.localAddress, StartsWith("tcp|127.0.0.1|"));
    EXPECT_FALSE(client.peerCredentials);
    EXPECT_FALSE(client.isListener);
    EXPECT_FALSE(client.isReadingPaused);
    EXPECT_EQ(client.sendQueueMessages, 0U);
    EXPECT_EQ(client.sendQueueBytes, 0U);
    EXPECT_GT(client.age, Duration::zero());

    EXPECT_EQ(client.stats.sent.messages, 11U);  // with the hello
    EXPECT_EQ(client.stats.received.messages, 2U);
    EXPECT_EQ(client.stats.sent.messages, server.stats.received.messages);
    EXPECT_EQ(client.stats.sent.bytes, server.stats.received.bytes);
    EXPECT_EQ(client.stats.received.messages, server.stats.sent.messages);
    EXPECT_EQ(client.stats.received.bytes, server.stats.sent.bytes);
    EXPECT_EQ(client.stats.received.bytes, 2 * BinaryHeader::wireSize +
                                               toString(link.listening.address).size() +
                                               std::string_view("~connect_to:\r\n").size());
    EXPECT_GT(client.stats.reads, 0U);
    EXPECT_GT(client.stats.writes, 0U);
}

TEST(ChannelInfo, OfAUnixSocketTellsThePeersCredentials) {
    Link link({}, {}, UdsServerAddress{});
    const PeerCredentials self{.pid = ::getpid(), .uid = ::getuid(), .gid = ::getgid()};
    const ChannelInfo client = link.client->channels.channelInfo(link.atClient);
    const ChannelInfo server = link.server->channels.channelInfo(link.atServer);
    EXPECT_EQ(client.transport, Transport::Uds);
    EXPECT_EQ(server.transport, Transport::Uds);
    ASSERT_TRUE(client.peerCredentials);
    ASSERT_TRUE(server.peerCredentials);
    EXPECT_EQ(*client.peerCredentials, self);
    EXPECT_EQ(*server.peerCredentials, self);
    EXPECT_EQ(client.peerAddress, toString(link.listening.address));
    EXPECT_EQ(server.localAddress, toString(link.listening.address));
}

TEST(ChannelInfo, OfAListener) {
    Side side;
    const Listening listening = side->listen(localTcp());
    const ChannelInfo info = side->channels.channelInfo(listening.channel);
    EXPECT_TRUE(info.isListener);
    EXPECT_EQ(info.state, ChannelPhase::Listening);
    EXPECT_EQ(info.localAddress, toString(listening.bound));
    EXPECT_TRUE(info.peerAddress.empty());
}

TEST(ChannelInfo, FollowsTheLifeOfAChannel) {
    RawServer server;
    Side client;
    const ChannelNumber channel =
        client->sayHello(TcpClientAddress{"127.0.0.1", server.port()}).channelNumber;
    const auto state = [&] { return client->channels.channelInfo(channel).state; };
    RawPeer peer = server.accept();
    const BinaryHeader hello = peer.readFrame();
    EXPECT_EQ(state(), ChannelPhase::Handshake);
    peer.write({.opCode = OpCode::HelloResponse, .messageId = hello.messageId});
    client->next(OpCode::HelloResponse);
    EXPECT_EQ(state(), ChannelPhase::Ready);
    client->post(OpCode::ByeRequest, channel);
    const BinaryHeader bye = peer.readFrame();
    EXPECT_EQ(state(), ChannelPhase::Closing);
    peer.write({.opCode = OpCode::ByeResponse, .messageId = bye.messageId});
    client->next(OpCode::ByeResponse);
    ASSERT_TRUE(eventually(
        [&] { return state() == ChannelPhase::Closed; }));  // its ChannelClosed waits in the mailbox
    client->nextClosed(channel);
}

TEST(ChannelInfo, TellsTheDepthOfTheSendQueue) {
    asio::io_context context;
    Reactor reactor(context);
    Party party(reactor);
    const ChannelNumber channel = party.sayHello(TcpClientAddress{"127.0.0.1", 1}).channelNumber;
    const ChannelInfo before = party.channels.channelInfo(channel);
    for (int i = 0; i < 5; ++i)
        party.post(OpCode::Request, channel, "12345678");
    const ChannelInfo after = party.channels.channelInfo(channel);
    EXPECT_EQ(after.state, ChannelPhase::Opening);
    EXPECT_EQ(after.peerAddress, "tcp|127.0.0.1|1");
    EXPECT_TRUE(after.localAddress.empty());
    EXPECT_EQ(after.sendQueueMessages - before.sendQueueMessages, 5U);
    EXPECT_EQ(after.sendQueueBytes - before.sendQueueBytes, 5 * (BinaryHeader::wireSize + 8));
}

TEST(ChannelInfo, OfAnEndedChannelTellsWhatCameBack) {
    Link link;
    link.client->post(OpCode::ByeSignal, link.atClient);
    ASSERT_TRUE(eventually(
        [&] { return link.server->channels.channelInfo(link.atServer).state == ChannelPhase::Closed; }));
    for (int i = 0; i < 3; ++i)
        link.server->post(OpCode::Signal, link.atServer);
    const ChannelStats stats = link.server->channels.channelInfo(link.atServer).stats;
    EXPECT_EQ(stats.returned[Status::PeerDisconnected], 3U);
    EXPECT_EQ(stats.returned.total(), 3U);
}

TEST(GroupStats, CountTrafficChannelsAndWhatWaits) {
    Link link;
    Party other(link.server.reactor);
    for (int i = 0; i < 10; ++i)
        link.client->post(OpCode::Request, link.atClient, "1234");
    ASSERT_TRUE(eventually([&] { return link.server->group.stats().pending == 10; }));
    ASSERT_TRUE(eventually([&] { return link.client->group.stats().sent.messages == 11; }));
    const GroupStats server = link.server->group.stats();
    EXPECT_EQ(server.channels, 2U);
    EXPECT_EQ(server.received.messages, 11U);
    EXPECT_EQ(server.sent.messages, 1U);
    EXPECT_EQ(server.received.bytes, link.client->group.stats().sent.bytes);
    EXPECT_EQ(other.group.stats().received.messages, 0U);
    EXPECT_EQ(other.group.stats().channels, 0U);
    for (int i = 0; i < 10; ++i)
        link.server->next(OpCode::Request);
    EXPECT_EQ(link.server->group.stats().pending, 0U);
    link.client->post(OpCode::ByeSignal, link.atClient);
    link.server->nextClosed(link.atServer);
    EXPECT_EQ(link.server->group.stats().channels, 1U);
    EXPECT_EQ(link.server->group.stats().received.messages, 11U) << "of closed channels too";
}

TEST(EngineStats, CountEverything) {
    Link link;
    link.client->post(OpCode::Request, link.atClient, "1234");
    link.server->next(OpCode::Request);
    ASSERT_TRUE(eventually([&] { return link.client.reactor.stats().sent.messages == 2; }));
    const EngineStats server = link.server.reactor.stats();
    const EngineStats client = link.client.reactor.stats();
    EXPECT_EQ(server.accepted, 1U);
    EXPECT_EQ(client.connected, 1U);
    EXPECT_EQ(server.channels, 2U);
    EXPECT_EQ(client.channels, 1U);
    EXPECT_EQ(server.groups, 1U);
    EXPECT_EQ(client.sent.messages, 2U);
    EXPECT_EQ(server.received.messages, client.sent.messages);
    EXPECT_EQ(server.received.bytes, client.sent.bytes);
    EXPECT_GT(server.reads, 0U);
    EXPECT_GT(server.writes, 0U);
    EXPECT_GT(client.reactorWakes, 0U);
    EXPECT_EQ(client.acceptFailures + client.violations + client.helloTimeouts, 0U);
    EXPECT_GT(client.pool.hits, 0U);
    EXPECT_GT(client.pool.highWater, 0U);
}

TEST(EngineStats, CountReturnedMessagesByReasonInEngineAndGroup) {
    Side side;
    const BinaryHeader hello = side->sayHello(UdsClientAddress{temporaryUdsPath()});
    const std::vector<MessagePtr> back = side->collectUntilClosed(hello.channelNumber);
    const ReturnedStats group = side->group.stats().returned;
    const ReturnedStats engine = side.reactor.stats().returned;
    EXPECT_EQ(group[Status::UdsPathNotFound], back.size() - 1);
    EXPECT_EQ(group.total(), back.size() - 1);
    EXPECT_EQ(engine[Status::UdsPathNotFound], group[Status::UdsPathNotFound]);
}

TEST(EngineStats, CountTheWakesOfAWaitingReceiver) {
    Side side;
    std::thread receiver([&side] { side->next(OpCode::Signal, Status::ReceiverUpdate); });
    side->channels.updateReceiver();
    receiver.join();
    EXPECT_LE(side->group.stats().wakes, 1U);
    EXPECT_EQ(side.reactor.stats().receiverWakes, side->group.stats().wakes);
}

TEST(PoolStats, CountHitsMissesAndWhatIsOut) {
    Reactor reactor(Options{.initialPoolMessages = 1, .maxPoolMessages = 1});
    const PoolStats before = reactor.stats().pool;
    {
        const MessagePtr message = reactor.get();
        EXPECT_EQ(reactor.get(AllocationStrategy::PoolOnly), nullptr);
        const PoolStats during = reactor.stats().pool;
        EXPECT_EQ(during.hits, before.hits + 1);
        EXPECT_EQ(during.misses, before.misses + 1);
        EXPECT_EQ(during.outstanding, before.outstanding + 1);
    }
    EXPECT_EQ(reactor.stats().pool.outstanding, before.outstanding);
}

}  // namespace
}  // namespace tempeh::test
