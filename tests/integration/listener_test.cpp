// docs/concepts/lifecycle.md, "Opening", and the address types.

#include "support/engine_fixture.hpp"
#include "unit/transport/raw_socket.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <gmock/gmock.h>

#include <optional>
#include <sys/stat.h>
#include <thread>

namespace tempeh::test {
namespace {

bool fileExists(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0;
}

TEST(WelcomeRequest, IsAnsweredWithTheRequestsIdAndChannel) {
    Side side;
    MessagePtr welcome = side->makeFor(localTcp());
    welcome->header.messageId = 4711;
    const BinaryHeader posted = side->post(std::move(welcome));
    const MessagePtr answer = side->next(OpCode::WelcomeResponse);
    EXPECT_TRUE(answer->isFromEngine());
    EXPECT_EQ(answer->status(), Status::Success);
    EXPECT_EQ(answer->header.channelNumber, posted.channelNumber);
    EXPECT_EQ(answer->header.messageId, 4711U);
}

TEST(WelcomeRequest, ResolvesPortZeroOverIpv4) {
    Side server;
    Side client;
    const Listening listening = server->listen(TcpServerAddress{"127.0.0.1", 0});
    const auto& bound = std::get<TcpServerAddress>(listening.bound);
    EXPECT_EQ(bound.host, "127.0.0.1");
    EXPECT_NE(bound.port, 0);
    converse(server.party, client.party, listening.address);
}

TEST(WelcomeRequest, ListensOverIpv6) {
    Side server;
    Side client;
    server->sayHello(TcpServerAddress{"::1", 0});
    const MessagePtr answer = server->next();
    if (statusOf(*answer) == Status::ListenFailed) GTEST_SKIP() << "no IPv6 here: " << reasonOf(*answer);
    const Address bound = parseAddress(*answer);
    EXPECT_EQ(std::get<TcpServerAddress>(bound).host, "::1");
    converse(server.party, client.party, clientAddressOf(bound));
}

TEST(WelcomeRequest, ListensOnEveryInterfaceForAnEmptyHost) {
    Side server;
    Side client;
    const Listening listening = server->listen(TcpServerAddress{"", 0});
    const std::uint16_t port = std::get<TcpServerAddress>(listening.bound).port;
    EXPECT_NE(port, 0);
    converse(server.party, client.party, TcpClientAddress{"127.0.0.1", port});
    converse(server.party, client.party, TcpClientAddress{"127.0.0.2", port});
}

TEST(WelcomeRequest, TakesThePortThatFindFreeTcpPortNamed) {
    Side server;
    Side client;
    const std::uint16_t port = findFreeTcpPort();
    const Listening listening = server->listen(TcpServerAddress{"127.0.0.1", port});
    EXPECT_EQ(std::get<TcpServerAddress>(listening.bound).port, port);
    converse(server.party, client.party, TcpClientAddress{"127.0.0.1", port});
}

TEST(WelcomeRequest, SharesAPortWithThoseWhoAllowIt) {
    Options options;
    options.tcpReusePort = true;
    Side first(options);
    Side second(options);
    Side other;
    const Listening listening = first->listen(localTcp());
    EXPECT_EQ(second->listen(listening.bound).bound, listening.bound);
    other->sayHello(listening.bound);
    EXPECT_EQ(statusOf(*other->next()), Status::ListenFailed);
    // The kernel chooses one of the two for each connection.
    Side client;
    client->sayHello(listening.address);
    ASSERT_TRUE(eventually(
        [&] { return first.party.group.stats().pending + second.party.group.stats().pending == 1; }));
    (first.party.group.stats().pending == 1 ? first : second)->acceptHello();
    client->next(OpCode::HelloResponse);
}

TEST(WelcomeRequest, ListensOnAUnixPathAndRemovesItAtTheEnd) {
    Side server;
    Side client;
    const std::string path = temporaryUdsPath();
    const Listening listening = server->listen(UdsServerAddress{path});
    EXPECT_EQ(std::get<UdsServerAddress>(listening.bound).path, path);
    EXPECT_TRUE(fileExists(path));
    converse(server.party, client.party, UdsClientAddress{path});
    server->post(OpCode::ByeSignal, listening.channel);
    server->nextClosed(listening.channel);
    EXPECT_FALSE(fileExists(path));
}

TEST(WelcomeRequest, MakesAFreshPathForAnEmptyOne) {
    Side server;
    Side client;
    const Listening first = server->listen(UdsServerAddress{});
    const Listening second = server->listen(UdsServerAddress{});
    const std::string path = std::get<UdsServerAddress>(first.bound).path;
    EXPECT_FALSE(path.empty());
    EXPECT_NE(path, std::get<UdsServerAddress>(second.bound).path);
    EXPECT_TRUE(fileExists(path));
    converse(server.party, client.party, first.address);
    converse(server.party, client.party, second.address);
}

TEST(WelcomeRequest, ListensOnAnAbstractName) {
    Side server;
    Side client;
    const std::string path = temporaryUdsPath();
    const std::string name = "@tempeh-test-" + path.substr(path.rfind('/') + 1);
    const Listening listening = server->listen(UdsServerAddress{name});
    EXPECT_EQ(std::get<UdsServerAddress>(listening.bound).path, name);
    converse(server.party, client.party, UdsClientAddress{name});
}

TEST(WelcomeRequest, SetsTheModeOfTheSocketFile) {
    Side server;
    for (const std::uint32_t mode : {0600U, 0666U, 0620U}) {
        const std::string path = temporaryUdsPath();
        server->listen(UdsServerAddress{path, mode});
        struct stat found {};
        ASSERT_EQ(::stat(path.c_str(), &found), 0);
        EXPECT_EQ(found.st_mode & 0777U, mode);
    }
}

TEST(WelcomeRequest, ReplacesTheSocketFileOfADeadServer) {
    Side server;
    Side client;
    const std::string path = temporaryUdsPath();
    transport::leaveStaleFile(path);
    const Listening listening = server->listen(UdsServerAddress{path});
    converse(server.party, client.party, listening.address);
}

/// Posts a WelcomeRequest that must fail.
void expectListenFailed(Party& party, const Address& address) {
    const BinaryHeader posted = party.sayHello(address);
    const MessagePtr answer = party.next(OpCode::WelcomeResponse, Status::ListenFailed);
    EXPECT_EQ(answer->header.channelNumber, posted.channelNumber);
    EXPECT_EQ(answer->header.messageId, posted.messageId);
    EXPECT_NE(reasonOf(*answer), "(none)");
    const MessagePtr notice = party.nextClosed(posted.channelNumber);
    EXPECT_EQ(notice->header.messageId, posted.messageId);
    EXPECT_THAT(reasonOf(*notice), testing::HasSubstr("ListenFailed"));
    EXPECT_EQ(party.tryPost(party.make(OpCode::ByeSignal, posted.channelNumber)),
              Status::InvalidChannelNumber);
}

TEST(WelcomeRequest, FailsForTwoLiveListenersOnOnePort) {
    Side first;
    Side second;
    const Listening listening = first->listen(localTcp());
    expectListenFailed(second.party, listening.bound);
    expectListenFailed(first.party, listening.bound);
    Side client;
    converse(first.party, client.party, listening.address);
}

TEST(WelcomeRequest, NeverStealsALiveServersPath) {
    Side first;
    Side second;
    Side client;
    const Listening listening = first->listen(UdsServerAddress{});
    expectListenFailed(second.party, listening.bound);
    converse(first.party, client.party, listening.address);
}

TEST(WelcomeRequest, FailsForAnInterfaceThatIsNotHere) {
    Side side;
    expectListenFailed(side.party, TcpServerAddress{"192.0.2.1", 0});
}

TEST(WelcomeRequest, FailsForAFolderThatIsNotThere) {
    Side side;
    expectListenFailed(side.party, UdsServerAddress{temporaryUdsPath() + "/no/such/folder"});
}

TEST(WelcomeRequest, BindsTheSamePortAtOnceAfterARestart) {
    Side client;
    std::optional<Side> server;
    server.emplace();
    const Listening listening = server->party.listen(localTcp());
    for (int restart = 0; restart < 5; ++restart) {
        // The server closes first, so that its side is the one in TIME_WAIT.
        client->sayHello(listening.address);
        const ChannelNumber atServer = server->party.acceptHello();
        client->next(OpCode::HelloResponse);
        server->party.post(OpCode::ByeSignal, atServer);
        server->party.nextClosed(atServer);
        server.reset();
        client->waitFor(OpCode::Signal, Status::ChannelClosed);
        server.emplace();
        const Listening again = server->party.listen(listening.bound);
        EXPECT_EQ(again.bound, listening.bound);
    }
}

TEST(ListenerChannel, RefusesEveryMessageButByes) {
    Side side;
    const Listening listening = side->listen(localTcp());
    for (const OpCode opCode :
         {OpCode::Request, OpCode::Response, OpCode::Signal, OpCode::HelloResponse, OpCode::ByeResponse})
        EXPECT_EQ(side->tryPost(side->make(opCode, listening.channel, {}, 3)), Status::NotAllowed) << opCode;
    Side client;
    converse(side.party, client.party, listening.address);
}

class ListenerClose : public testing::TestWithParam<OpCode> {};

TEST_P(ListenerClose, EndsTheListenerAndKeepsItsAcceptedChannels) {
    Link link;
    const Listening& listening = link.listening;
    link.server->post(GetParam(), listening.channel);
    const MessagePtr notice = link.server->nextClosed(listening.channel);
    EXPECT_EQ(notice->header.messageId, listening.id);
    EXPECT_THAT(peerOf(*notice), testing::StartsWith("tcp|127.0.0.1|"));

    link.client->post(OpCode::Request, link.atClient, "still here");
    EXPECT_EQ(link.server->next(OpCode::Request)->body.view(), "still here");
    link.server->post(OpCode::Signal, link.atServer, "so am I");
    EXPECT_EQ(link.client->next(OpCode::Signal)->body.view(), "so am I");

    const BinaryHeader late = link.client->sayHello(listening.address);
    link.client->next(OpCode::HelloResponse, Status::ConnectFailed);
    link.client->nextClosed(late.channelNumber);
}

INSTANTIATE_TEST_SUITE_P(, ListenerClose, testing::Values(OpCode::ByeSignal, OpCode::ByeRequest),
                         [](const auto& param) { return std::string(nameOf(param.param)); });

TEST(ListenerChannel, ClosedBeforeItIsOpenStillAnswersTheWelcome) {
    asio::io_context context;
    Reactor reactor(context);
    Party party(reactor);
    const BinaryHeader posted = party.sayHello(localTcp());
    party.post(OpCode::ByeSignal, posted.channelNumber);
    const auto work = asio::make_work_guard(context);
    std::thread runner([&context] { context.run(); });
    const MessagePtr answer = party.next();
    EXPECT_EQ(answer->header.opCode, OpCode::WelcomeResponse);
    EXPECT_EQ(answer->header.messageId, posted.messageId);
    party.nextClosed(posted.channelNumber);
    context.stop();
    runner.join();
}

TEST(ListenerChannel, DeliversAcceptedChannelsToItsOwnGroup) {
    Side side;
    Party other(side.reactor);
    const Listening listening = other.listen(localTcp());
    Side client;
    converse(other, client.party, listening.address);
    side->expectNothingMore();
}

TEST(Address, ParsesWhatItFormatted) {
    Reactor reactor;
    const std::vector<Address> addresses{TcpClientAddress{"::1", 1}, TcpServerAddress{"", 0},
                                         UdsClientAddress{"/a b"}, UdsServerAddress{"@x", 0640}};
    for (const Address& address : addresses) {
        const MessagePtr message = reactor.get();
        format(address, *message);
        EXPECT_EQ(parseAddress(*message), address) << address;
    }
}

TEST(Address, DefaultsToPort7099OfThisHost) {
    Reactor reactor;
    const MessagePtr message = reactor.get();
    TcpClientAddress{}.format(*message);
    EXPECT_EQ(message->header.opCode, OpCode::HelloRequest);
    EXPECT_EQ(valueOf(*message, "~connect_to"), "tcp|127.0.0.1|7099");
    TcpServerAddress{}.format(*message);
    EXPECT_EQ(message->header.opCode, OpCode::WelcomeRequest);
    EXPECT_EQ(valueOf(*message, "~listen_on"), "tcp||7099");
}

}  // namespace
}  // namespace tempeh::test
