// What an engine promises holds over every transport, one included that is no part of the library.

#include "support/flows_fixture.hpp"
#include "support/link_conversations.hpp"
#include "support/pipe_transport.hpp"

#include <gmock/gmock.h>

#include <string>

namespace tempeh::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Where servers of the transport listen: a place of their own.
Address anywhereOn(const std::string& scheme) {
    addPipeTransport();
    if (scheme == "tcp") return localTcp();
    if (scheme == "uds") return UdsServerAddress{};
    return CustomServerAddress{scheme, ""};
}

Transport kindOf(const std::string& scheme) {
    if (scheme == "tcp") return Transport::Tcp;
    return scheme == "uds" ? Transport::Uds : Transport::Other;
}

class Transports : public testing::TestWithParam<std::string> {
protected:
    Address anywhere() const { return anywhereOn(GetParam()); }
    Link makeLink(const Options& server = Options(), const Options& client = Options()) const {
        return Link(server, client, anywhere());
    }
};

#if defined(_WIN32)
const std::string transports[] = {"tcp", "mem", "pipe"};  // Unix sockets are not for Windows yet
#else
const std::string transports[] = {"tcp", "uds", "mem", "pipe"};
#endif
INSTANTIATE_TEST_SUITE_P(Over, Transports, testing::ValuesIn(transports),
                         [](const auto& one) { return one.param; });

TEST_P(Transports, HelloRequestsAnswersAndByes) {
    Side server;
    Side client;
    const Listening listening = server->listen(anywhere());
    EXPECT_EQ(wire::schemeOf(listening.bound), GetParam());
    for (int i = 0; i < 3; ++i)
        converse(server.party, client.party, listening.address);
    server->expectNothingMore();
    client->expectNothingMore();
}

TEST_P(Transports, TwoGroupsOfOneEngine) {
    Side side;
    Party client(side.reactor);
    converse(side.party, client, side->listen(anywhere()).address);
}

TEST_P(Transports, MessagesOfEverySizeBothWaysInOrder) {
    Link link = makeLink();
    exchangeEverySize(link);
}

TEST_P(Transports, AThreadAnswersWhatAThreadAsks) {
    Link link = makeLink();
    askAndAnswerOnThreads(link);
}

TEST_P(Transports, InfoSaysWhatCarriesTheBytesAndBetweenWhom) {
    Link link = makeLink();
    const ChannelInfo client = link.client->channels.channelInfo(link.atClient);
    const ChannelInfo server = link.server->channels.channelInfo(link.atServer);
    const ChannelInfo listener = link.server->channels.channelInfo(link.listening.channel);
    for (const ChannelInfo* info : {&client, &server, &listener})
        EXPECT_EQ(info->transport, kindOf(GetParam()));
    EXPECT_EQ(client.peerAddress, toString(link.listening.address));
    EXPECT_EQ(listener.localAddress, toString(link.listening.bound));
    EXPECT_THAT(client.localAddress, StartsWith(GetParam() + "|"));
    EXPECT_THAT(server.peerAddress, StartsWith(GetParam() + "|"));
}

TEST_P(Transports, AClientThatClosesAtOnceIsTheEndOfItsChannelAlone) {
    Link link = makeLink();
    link.client->post(OpCode::Signal, link.atClient, "last");
    EXPECT_EQ(link.server->next(OpCode::Signal)->body.view(), "last");
    link.client->post(OpCode::ByeSignal, link.atClient);
    link.client->nextClosed(link.atClient);
    EXPECT_THAT(reasonOf(*link.server->nextClosed(link.atServer)), HasSubstr("PeerDisconnected"));
    converse(link.server.party, link.client.party, link.listening.address);
}

TEST_P(Transports, AnEngineThatGoesSendsWhatWasPosted) {
    Side server;
    const Listening listening = server->listen(anywhere());
    ChannelNumber atServer = 0;
    constexpr int signals = 200;
    {
        Side client;
        const BinaryHeader hello = client->sayHello(listening.address);
        atServer = server->acceptHello();
        client->next(OpCode::HelloResponse);
        for (int i = 0; i < signals; ++i)
            client->post(OpCode::Signal, hello.channelNumber, std::string(1'000, 's'));
        const ShutdownReport report = client.reactor.shutdown(patience);
        EXPECT_TRUE(report.complete);
    }
    for (int i = 0; i < signals; ++i)
        server->next(OpCode::Signal);
    server->nextClosed(atServer);
}

TEST_P(Transports, ARefusedHelloComesBack) {
    Side server;
    Side client;
    const Listening listening = server->listen(anywhere());
    const BinaryHeader hello = client->sayHello(listening.address);
    const ChannelNumber atServer = server->next(OpCode::HelloRequest)->header.channelNumber;
    server->post(OpCode::ByeSignal, atServer);
    server->nextClosed(atServer);
    const MessagePtr returned = client->next(OpCode::HelloResponse, Status::PeerDisconnected);
    EXPECT_EQ(returned->header.messageId, hello.messageId);
    client->nextClosed(hello.channelNumber);
}

TEST_P(Transports, ToNowhereTheHelloComesBackWithEverythingBehindIt) {
    Side side;
    const Listening listening = side->listen(anywhere());
    side->post(OpCode::ByeSignal, listening.channel);
    side->nextClosed(listening.channel);
    const Status expected = GetParam() == "uds" ? Status::UdsPathNotFound : Status::ConnectFailed;
    const BinaryHeader hello = side->sayHello(listening.address);
    MessagePtr behind = side->make(OpCode::Request, hello.channelNumber, "behind");
    const Status posted = side->tryPost(behind);  // unless the failure was quicker
    const MessagePtr returned = side->next(OpCode::HelloResponse, expected);
    EXPECT_EQ(returned->header.messageId, hello.messageId);
    EXPECT_EQ(peerOf(*returned), toString(listening.address));
    if (posted == Status::Success) {
        EXPECT_EQ(side->next()->body.view(), "behind");
    }
    side->nextClosed(hello.channelNumber);
}

TEST_P(Transports, APlaceThatIsTakenFailsToListen) {
    Side side;
    const Listening listening = side->listen(anywhere());
    const BinaryHeader welcome = side->post(side->makeFor(listening.bound));
    side->next(OpCode::WelcomeResponse, Status::ListenFailed);
    side->nextClosed(welcome.channelNumber);
}

TEST_P(Transports, AReceiverThatDoesNotReadStopsTheSenderAndNothingIsLost) {
    Link link = makeLink(Options(), Options{.sendQueueMessages = 16, .sendBufferBytes = 16 * 1024});
    link.server->group.setReadMode(link.atServer, ReadMode::Paused);
    constexpr std::size_t bodySize = 60'000;
    const auto make = [&](std::uint64_t id) {
        return link.client->make(OpCode::Signal, link.atClient, std::string(bodySize, 'b'), id);
    };
    std::uint64_t posted = 0;
    Status status = Status::Success;
    while (status == Status::Success) {
        status = link.client->tryPost(make(posted + 1));
        if (status == Status::Success) ++posted;
    }
    EXPECT_EQ(status, Status::SendQueueFull);
    EXPECT_FALSE(link.client->channels.waitWritable(link.atClient, Timeout::zero()));
    link.server->group.setReadMode(link.atServer, ReadMode::Normal);
    EXPECT_TRUE(link.client->channels.waitWritable(link.atClient, patience));
    for (std::uint64_t i = 0; i < posted; ++i)
        EXPECT_EQ(link.server->next(OpCode::Signal)->header.messageId, i + 1);
}

TEST_P(Transports, LimitsPerPeerKnowThePeer) {
    Side server(Options{.maxConnectionsPerPeer = 2});
    Side client;
    const Listening listening = server->listen(anywhere());
    for (int i = 0; i < 2; ++i) {
        client->sayHello(listening.address);
        server->acceptHello();
        client->next(OpCode::HelloResponse);
    }
    const BinaryHeader third = client->sayHello(listening.address);
    client->next(OpCode::HelloResponse, Status::PeerDisconnected);
    client->nextClosed(third.channelNumber);
    EXPECT_EQ(server.reactor.stats().refusedByPeer, 1U);
}

TEST_P(Transports, AnEngineMayEndWithConnectionsHalfMade) {
    Side server;
    const Listening listening = server->listen(anywhere());
    for (int i = 0; i < 10; ++i) {
        Side client(Options{.lingerTimeout = 0ms});
        client->sayHello(listening.address);
        if (i % 2 == 0) server->waitFor(OpCode::HelloRequest);
    }
    Party other(server.reactor);
    Party client(server.reactor);
    converse(other, client, other.listen(anywhere()).address);
}

TEST_P(Transports, FlowsRunOnTopUnchanged) {
    FlowsPair pair(echo, anywhere());
    EXPECT_EQ(wire::schemeOf(pair.address), GetParam());
    pair.onClient(expectEcho(pair.connect()));
}

TEST(InProcess, EnginesOfOneProcessMeetAtAName) {
    Side server;
    Side client;
    const Listening listening = server->listen(MemServerAddress("orders"));
    EXPECT_EQ(toString(listening.bound), "mem|orders");
    converse(server.party, client.party, MemClientAddress("orders"));
    converse(server.party, client.party, flows::parseClientAddress("mem|orders"));
}

TEST(InProcess, ATakenNameSaysSo) {
    Side side;
    side->listen(MemServerAddress("taken"));
    const BinaryHeader welcome = side->post(side->makeFor(MemServerAddress("taken")));
    const MessagePtr refused = side->next(OpCode::WelcomeResponse, Status::ListenFailed);
    EXPECT_THAT(reasonOf(*refused), HasSubstr("in use"));
    side->nextClosed(welcome.channelNumber);
}

TEST(InProcess, ANameIsFreeAgainWhenItsEngineHasGone) {
    Side client;
    for (int i = 0; i < 2; ++i) {
        Side server;
        server->listen(MemServerAddress("again"));
        converse(server.party, client.party, MemClientAddress("again"));
    }
}

TEST(InProcess, ClientsHaveNamesToConnectTo) {
    Side side;
    EXPECT_EQ(side->tryPost(side->makeFor(MemClientAddress(""))), Status::InvalidAddress);
    EXPECT_EQ(side->tryPost(side->makeFor(MemClientAddress(std::string(256, 'n')))), Status::InvalidAddress);
}

TEST(CustomTransport, IsWrittenToOnItsExecutorAloneUnlessItAllowsMore) {
    const std::uint64_t before = pipeWritesOffTheirExecutor();
    Link link(Options(), Options(), anywhereOn(std::string(pipeScheme)));
    // The answers of a thread are what a thread would write itself: over TCP it does.
    constexpr int rounds = 100;
    for (int i = 0; i < rounds; ++i) {
        link.client->post(OpCode::Request, link.atClient, "ping");
        MessagePtr request = link.server->next(OpCode::Request);
        request->header.opCode = OpCode::Response;
        link.server->post(std::move(request));
        link.client->next(OpCode::Response);
    }
    EXPECT_EQ(pipeWritesOffTheirExecutor(), before);
}

TEST(CustomTransport, OfASchemeThatNobodyAddedIsAnInvalidAddress) {
    Side side;
    EXPECT_EQ(side->tryPost(side->makeFor(CustomClientAddress{"nobody", "x"})), Status::InvalidAddress);
    EXPECT_EQ(side->tryPost(side->makeFor(CustomServerAddress{"nobody", "x"})), Status::InvalidAddress);
}

TEST(CustomTransport, DecidesWhatAPlaceIs) {
    addPipeTransport();
    Side side;
    EXPECT_EQ(side->tryPost(side->makeFor(CustomClientAddress{"pipe", ""})), Status::InvalidAddress);
    EXPECT_EQ(side->tryPost(side->makeFor(CustomClientAddress{"pipe", "a|b"})), Status::InvalidAddress);
    const Listening listening = side->listen(CustomServerAddress{"pipe", "a place"});
    EXPECT_EQ(toString(listening.bound), "pipe|a place");
    Party client(side.reactor);
    converse(side.party, client, flows::parseClientAddress("pipe|a place"));
}

}  // namespace
}  // namespace tempeh::test
