// docs/concepts/lifecycle.md, "Ending" and "Numbers": ChannelClosed, numbers, late posts. And the limit
// of channels.

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <set>

namespace tempeh::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ChannelClosed, ComesOnceWithNumberFirstIdReasonAndPeer) {
    Link link;
    const MessageId helloId = link.hello.messageId;
    const std::string server = link.client->channels.channelInfo(link.atClient).peerAddress;
    const std::string client = link.server->channels.channelInfo(link.atServer).peerAddress;
    link.client->post(OpCode::Request, link.atClient);
    link.server->next(OpCode::Request);
    link.client->post(OpCode::ByeSignal, link.atClient);

    const MessagePtr atClient = link.client->nextClosed(link.atClient);
    EXPECT_EQ(atClient->header.opCode, OpCode::Signal);
    EXPECT_TRUE(atClient->isFromEngine());
    EXPECT_EQ(atClient->header.messageId, helloId);
    EXPECT_EQ(peerOf(*atClient), server);
    EXPECT_THAT(reasonOf(*atClient), HasSubstr("closed locally"));

    const MessagePtr atServer = link.server->nextClosed(link.atServer);
    EXPECT_EQ(atServer->header.messageId, helloId);
    EXPECT_EQ(peerOf(*atServer), client);
    EXPECT_THAT(client, StartsWith("tcp|127.0.0.1|"));
    EXPECT_THAT(reasonOf(*atServer), HasSubstr("the peer closed the connection"));

    link.client->expectNothingMore();
    link.server->expectNothingMore();
}

TEST(ChannelClosed, NamesTheUnixSocketOfTheServer) {
    Link link({}, {}, UdsServerAddress{});
    link.client->post(OpCode::ByeSignal, link.atClient);
    EXPECT_EQ(peerOf(*link.client->nextClosed(link.atClient)), toString(link.listening.address));
    EXPECT_THAT(peerOf(*link.server->nextClosed(link.atServer)), StartsWith("uds|"));
}

TEST(ChannelClosed, ComesBehindEverythingThePeerSent) {
    Link link;
    for (int i = 0; i < 1000; ++i)
        link.client->post(OpCode::Signal, link.atClient, std::to_string(i));
    link.client->post(OpCode::ByeRequest, link.atClient);
    const std::vector<MessagePtr> messages = link.server->collectUntilClosed(link.atServer);
    ASSERT_EQ(messages.size(), 1002U);
    for (std::size_t i = 0; i < 1000; ++i)
        EXPECT_EQ(messages[i]->body.view(), std::to_string(i));
}

TEST(ChannelClosed, MessagesPostedBeforeItIsReceivedComeBackBeforeIt) {
    Link link;
    link.client->post(OpCode::ByeSignal, link.atClient);
    // The end of the server's channel waits in its mailbox; nothing of it is taken yet.
    ASSERT_TRUE(eventually(
        [&] { return link.server->channels.channelInfo(link.atServer).state == ChannelPhase::Closed; }));
    std::vector<MessageId> posted;
    for (int i = 0; i < 10; ++i)
        posted.push_back(link.server->post(OpCode::Signal, link.atServer, std::to_string(i)).messageId);
    for (std::size_t i = 0; i < posted.size(); ++i) {
        const MessagePtr returned = link.server->next(OpCode::Signal, Status::PeerDisconnected);
        EXPECT_EQ(returned->header.messageId, posted[i]);
        EXPECT_EQ(returned->body.view(), std::to_string(i));
    }
    link.server->nextClosed(link.atServer);
    link.server->expectNothingMore();
    EXPECT_EQ(link.server->group.stats().returned[Status::PeerDisconnected], posted.size());
}

TEST(ChannelClosed, OnceReceivedTheNumberIsUnknown) {
    Link link;
    link.client->post(OpCode::ByeSignal, link.atClient);
    link.client->nextClosed(link.atClient);
    EXPECT_EQ(link.client->tryPost(link.client->make(OpCode::Signal, link.atClient)),
              Status::InvalidChannelNumber);
    error_code ec;
    link.client->channels.channelInfo(link.atClient, ec);
    EXPECT_EQ(ec, Status::InvalidChannelNumber);
    EXPECT_FALSE(link.client->channels.waitWritable(link.atClient, patience, ec));
    EXPECT_EQ(ec, Status::InvalidChannelNumber);
}

TEST(ChannelClosed, AByeSignalForAChannelThatEndedIsNoError) {
    Link link;
    link.client->post(OpCode::ByeSignal, link.atClient);
    link.client->post(OpCode::ByeSignal, link.atClient);
    link.client->nextClosed(link.atClient);
    link.client->expectNothingMore();
}

/// Opens and closes a channel that never gets beyond connecting; its number.
ChannelNumber openAndClose(Party& party) {
    static const Address nowhere = UdsClientAddress{temporaryUdsPath()};
    const ChannelNumber channel = party.sayHello(nowhere).channelNumber;
    party.next(OpCode::HelloResponse, Status::UdsPathNotFound);
    party.nextClosed(channel);
    return channel;
}

TEST(ChannelNumbers, AreNotReusedWhileAmongTheLast1024Closed) {
    Side side;
    std::deque<ChannelNumber> last;
    std::set<ChannelNumber> resting;
    for (int i = 0; i < 4000; ++i) {
        const ChannelNumber number = openAndClose(side.party);
        ASSERT_TRUE(number >= 1 && number <= 65'534) << number;
        ASSERT_TRUE(resting.insert(number).second) << number << " came again";
        last.push_back(number);
        if (last.size() <= 1024) continue;
        resting.erase(last.front());
        last.pop_front();
    }
}

TEST(ChannelNumbers, AreUniqueInTheEngineAcrossGroups) {
    asio::io_context context;  // not run: everything stays open
    Reactor reactor(context);
    Party first(reactor);
    Party second(reactor);
    std::set<ChannelNumber> numbers;
    for (int i = 0; i < 500; ++i) {
        numbers.insert(first.sayHello(TcpClientAddress{}).channelNumber);
        numbers.insert(second.sayHello(TcpClientAddress{}).channelNumber);
    }
    EXPECT_EQ(numbers.size(), 1000U);
}

TEST(ChannelNumbers, AreRandom) {
    const auto draw = [] {
        asio::io_context context;
        Reactor reactor(context);
        Party party(reactor);
        std::vector<ChannelNumber> numbers;
        for (int i = 0; i < 8; ++i)
            numbers.push_back(party.sayHello(TcpClientAddress{}).channelNumber);
        return numbers;
    };
    EXPECT_NE(draw(), draw());  // equal once in 10^38 runs
}

TEST(MaxChannels, BeyondThemAPostFailsWithTooManyChannelsAndTheCallerKeepsTheMessage) {
    Side side(Options{.maxChannels = 3});
    std::vector<ChannelNumber> open;
    for (int i = 0; i < 3; ++i)
        open.push_back(side->listen(localTcp()).channel);
    EXPECT_EQ(side->tryPost(side->makeFor(localTcp())), Status::TooManyChannels);
    MessagePtr hello = side->makeFor(TcpClientAddress{});
    EXPECT_EQ(side->tryPost(hello), Status::TooManyChannels);
    ASSERT_NE(hello, nullptr);

    side->post(OpCode::ByeSignal, open.front());
    side->nextClosed(open.front());
    side->listen(localTcp());
}

TEST(MaxChannels, AllNumbersCanBeInUseAndThenItNeverSpins) {
    asio::io_context context;
    Reactor reactor(context);
    Party party(reactor);
    for (int i = 0; i < 65'534; ++i) {
        MessagePtr welcome = party.makeFor(UdsServerAddress{});
        ASSERT_EQ(party.tryPost(welcome), Status::Success) << i;
    }
    for (int i = 0; i < 1000; ++i)
        ASSERT_EQ(party.tryPost(party.makeFor(UdsServerAddress{})), Status::TooManyChannels);
}

TEST(MaxChannels, AListenerAtTheLimitTurnsConnectionsAwayAndRecovers) {
    Side server(Options{.maxChannels = 2});
    Side client;
    const Listening listening = server->listen(localTcp());
    client->sayHello(listening.address);
    const ChannelNumber first = server->acceptHello();
    client->next(OpCode::HelloResponse);

    const BinaryHeader second = client->sayHello(listening.address);
    client->next(OpCode::HelloResponse, Status::PeerDisconnected);
    client->nextClosed(second.channelNumber);
    const MessagePtr notice = server->next(OpCode::Signal, Status::AcceptFailed);
    EXPECT_EQ(notice->header.channelNumber, listening.channel);
    EXPECT_NE(reasonOf(*notice), "(none)");

    server->post(OpCode::ByeSignal, first);
    server->nextClosed(first);
    client->waitFor(OpCode::Signal, Status::ChannelClosed);
    client->sayHello(listening.address);
    server->acceptHello();
    client->next(OpCode::HelloResponse);
}

TEST(NoSilentLoss, EveryPostedMessageIsSentWholeOrComesBackWithAReason) {
    RawServer server;
    Side client(Options{.sendBufferBytes = RawServer::bufferBytes});
    const BinaryHeader hello = client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
    RawPeer peer = server.accept();
    peer.acceptHello();
    client->next(OpCode::HelloResponse);
    constexpr std::size_t count = 200;
    std::vector<MessageId> posted;
    for (std::size_t i = 0; i < count; ++i)
        posted.push_back(
            client->post(OpCode::Request, hello.channelNumber, std::string(20'000, 'b')).messageId);
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(peer.readFrame().messageId, posted[static_cast<std::size_t>(i)]);
    peer.close();

    std::vector<MessagePtr> back = client->collectUntilClosed(hello.channelNumber);
    back.pop_back();
    const std::uint64_t sent = client->group.stats().sent.messages - 1;  // but for the hello
    EXPECT_EQ(sent + back.size(), count);
    EXPECT_GE(sent, 50U);
    EXPECT_EQ(client->group.stats().returned[Status::PeerDisconnected], back.size());
    for (std::size_t i = 0; i < back.size(); ++i) {
        EXPECT_EQ(statusOf(*back[i]), Status::PeerDisconnected);
        EXPECT_EQ(back[i]->header.messageId, posted[static_cast<std::size_t>(sent) + i]);
    }
}

}  // namespace
}  // namespace tempeh::test
