// docs/concepts/lifecycle.md, "Opening", and the order of what follows.

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"
#include "unit/transport/raw_socket.hpp"

#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>

#include <filesystem>
#include <future>
#include <sys/socket.h>

namespace tempeh::test {
namespace {

using testing::HasSubstr;

TEST(HelloRequest, ConnectsAndCarriesItsHeadersAndBody) {
    Side server;
    Side client;
    const Listening listening = server->listen(localTcp());
    MessagePtr hello = client->makeFor(listening.address);
    hello->textHeaders.append("user", "ada");
    hello->body.append("secret");
    const BinaryHeader posted = client->post(std::move(hello));
    const MessagePtr received = server->next(OpCode::HelloRequest);
    EXPECT_EQ(received->header.messageId, posted.messageId);
    EXPECT_EQ(valueOf(*received, "user"), "ada");
    EXPECT_EQ(valueOf(*received, "~connect_to"), toString(listening.address));
    EXPECT_EQ(received->body.view(), "secret");
    EXPECT_EQ(server.reactor.stats().accepted, 1U);
    EXPECT_EQ(client.reactor.stats().connected, 1U);
}

TEST(HelloRequest, MessagesPostedBeforeItIsConnectedGoOutInOrderAfterIt) {
    asio::io_context context;
    Reactor reactor(context);  // not running yet: all of this is posted before the connection begins
    Party client(reactor);
    Side server;
    const BinaryHeader hello = client.sayHello(server->listen(localTcp()).address);
    for (int i = 0; i < 100; ++i)
        client.post(OpCode::Request, hello.channelNumber, std::to_string(i));
    const auto work = asio::make_work_guard(context);
    std::thread runner([&context] { context.run(); });
    server->next(OpCode::HelloRequest);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(server->next(OpCode::Request)->body.view(), std::to_string(i));
    context.stop();
    runner.join();
}

/// Such a peer is no engine: it answers before it has read the question.
TEST(HelloRequest, AnsweredBeforeItIsSentWholeDoesNotComeBack) {
    const std::string path = temporaryUdsPath();
    raw::Server server(path);
    Side client(Options{.sendBufferBytes = 4096});
    MessagePtr hello = client->makeFor(UdsClientAddress{path});
    hello->body.prepare(65'000);
    hello->body.commit(65'000);
    hello->header.messageId = 7;
    const ChannelNumber channel = client->post(std::move(hello)).channelNumber;
    raw::Peer peer = server.accept();
    const Bytes head = peer.receive(16);
    peer.send(raw::Frame{.proto = 4, .id = 7}.bytes());
    peer.send(raw::Frame{.proto = 5, .id = 8}.bytes());
    client->next(OpCode::HelloResponse);
    const MessagePtr bye = client->next(OpCode::ByeRequest);  // held, so that it is not answered
    EXPECT_EQ(peer.receive(65'000).size(), 65'000U);
    EXPECT_TRUE(eventually([&] { return client->channels.channelInfo(channel).sendQueueMessages == 0; }));
    peer.close();
    const MessagePtr closed = client->next();
    EXPECT_EQ(statusOf(*closed), Status::ChannelClosed) << dump(*closed);
    std::filesystem::remove(path);
}

TEST(HelloRequest, AServerMayTalkWithoutAnsweringIt) {
    Side server;
    Side client;
    const BinaryHeader hello = client->sayHello(server->listen(localTcp()).address);
    const MessagePtr received = server->next(OpCode::HelloRequest);
    server->post(OpCode::Signal, received->header.channelNumber, "no ceremony");
    const MessagePtr signal = client->next(OpCode::Signal);
    EXPECT_EQ(signal->header.channelNumber, hello.channelNumber);
    EXPECT_EQ(signal->body.view(), "no ceremony");
    client->post(OpCode::Request, hello.channelNumber);
    server->next(OpCode::Request);
}

/// Posts a hello and three requests, all of which must come back with `status`, then the ChannelClosed. The
/// reason of the ChannelClosed.
std::string expectFailure(Party& client, const Address& address, Status status) {
    MessagePtr hello = client.makeFor(address);
    hello->body.append("hello body");
    const BinaryHeader posted = client.post(std::move(hello));
    for (int i = 0; i < 3; ++i)
        client.post(OpCode::Request, posted.channelNumber, std::to_string(i));

    const MessagePtr returned = client.next(OpCode::HelloResponse, status);
    EXPECT_EQ(returned->header.channelNumber, posted.channelNumber);
    EXPECT_EQ(returned->header.messageId, posted.messageId);
    EXPECT_EQ(returned->body.view(), "hello body");
    EXPECT_EQ(valueOf(*returned, "~connect_to"), toString(address));
    EXPECT_EQ(peerOf(*returned), toString(address));
    EXPECT_NE(reasonOf(*returned), "(none)");
    for (int i = 0; i < 3; ++i) {
        const MessagePtr request = client.next(OpCode::Request, status);
        EXPECT_EQ(request->body.view(), std::to_string(i));
        EXPECT_EQ(request->header.channelNumber, posted.channelNumber);
    }
    const MessagePtr notice = client.nextClosed(posted.channelNumber);
    EXPECT_EQ(notice->header.messageId, posted.messageId);
    EXPECT_EQ(peerOf(*notice), toString(address));
    EXPECT_THAT(reasonOf(*notice), HasSubstr(nameOf(status)));
    client.expectNothingMore();
    EXPECT_EQ(client.group.stats().returned[status], 4U);
    EXPECT_EQ(client.group.stats().channels, 0U);
    return reasonOf(*notice);
}

/// A port of this host on which nobody listens, and nobody else will.
struct RefusingPort {
    RefusingPort() : socket(transport::RawSocket::make(AF_INET)) {
        EXPECT_EQ(transport::bindTo(socket, transport::loopback(0)), 0);
    }
    Address address() const { return TcpClientAddress{"127.0.0.1", transport::boundPort(socket)}; }
    transport::RawSocket socket;
};

TEST(HelloRequestFailure, RefusedReturnsItAndTheQueueWithConnectFailed) {
    Side client;
    const RefusingPort port;
    expectFailure(client.party, port.address(), Status::ConnectFailed);
}

TEST(HelloRequestFailure, AMissingPathReturnsItAndTheQueueWithUdsPathNotFound) {
    Side client;
    expectFailure(client.party, UdsClientAddress{temporaryUdsPath()}, Status::UdsPathNotFound);
}

TEST(HelloRequestFailure, AStaleSocketFileReturnsItAndTheQueueWithConnectFailed) {
    Side client;
    const std::string path = temporaryUdsPath();
    transport::leaveStaleFile(path);
    expectFailure(client.party, UdsClientAddress{path}, Status::ConnectFailed);
    ::unlink(path.c_str());
}

TEST(HelloRequestFailure, AnAbstractNameWithoutServerReturnsItWithConnectFailed) {
    Side client;
    const std::string path = temporaryUdsPath();
    expectFailure(client.party, UdsClientAddress{"@" + path.substr(path.rfind('/') + 1)},
                  Status::ConnectFailed);
}

TEST(HelloRequestFailure, AnUnresolvableNameReturnsItAndTheQueueWithConnectFailed) {
    Side client;
    expectFailure(client.party, TcpClientAddress{"no-such-host.invalid", 7099}, Status::ConnectFailed);
}

TEST(HelloRequestFailure, APeerThatClosesInsteadOfAnsweringReturnsItWithPeerDisconnected) {
    RawServer server;
    Side client;
    const BinaryHeader posted = client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
    {
        RawPeer peer = server.accept();
        EXPECT_EQ(peer.readFrame().opCode, OpCode::HelloRequest);
    }
    const MessagePtr returned = client->next(OpCode::HelloResponse, Status::PeerDisconnected);
    EXPECT_EQ(returned->header.messageId, posted.messageId);
    const MessagePtr notice = client->nextClosed(posted.channelNumber);
    EXPECT_EQ(notice->header.messageId, posted.messageId);
    EXPECT_THAT(reasonOf(*notice), HasSubstr("PeerDisconnected"));
    client->expectNothingMore();
}

/// A listener whose backlog is full, so that a connection never comes about.
class FullServer {
public:
    FullServer() : server_(0) {
        for (int i = 0; i < 4; ++i) {
            queued_.push_back(transport::RawSocket::make(AF_INET, SOCK_NONBLOCK));
            transport::connectTo(queued_.back(), transport::loopback(server_.port()));
        }
    }
    Address address() const { return TcpClientAddress{"127.0.0.1", server_.port()}; }

private:
    RawServer server_;
    std::vector<transport::RawSocket> queued_;
};

TEST(HelloRequestFailure, NoConnectionWithinTheConnectTimeoutReturnsItWithConnectFailed) {
    const FullServer server;
    Side client(Options{.connectTimeout = 50ms});
    const std::string reason = expectFailure(client.party, server.address(), Status::ConnectFailed);
    EXPECT_THAT(reason, HasSubstr("connectTimeout"));
}

TEST(HelloRequestFailure, ClosedWhileConnectingReturnsItAsReturned) {
    const FullServer server;
    Side client;
    const BinaryHeader posted = client->sayHello(server.address());
    client->post(OpCode::Request, posted.channelNumber);
    client->post(OpCode::ByeSignal, posted.channelNumber);
    client->next(OpCode::HelloResponse, Status::Returned);
    client->next(OpCode::Request, Status::Returned);
    client->nextClosed(posted.channelNumber);
    client->expectNothingMore();
}

TEST(HelloRequestFailure, TheReturnedHelloMayBePostedAgain) {
    Side server;
    Side client;
    const Listening listening = server->listen(localTcp());
    server->post(OpCode::ByeSignal, listening.channel);
    server->nextClosed(listening.channel);
    const BinaryHeader first = client->sayHello(listening.address);
    MessagePtr hello = client->next(OpCode::HelloResponse, Status::ConnectFailed);
    client->nextClosed(first.channelNumber);

    server->listen(listening.bound);
    hello->header.opCode = OpCode::HelloRequest;
    hello->header.channelNumber = 0;
    const BinaryHeader second = client->post(std::move(hello));
    const MessagePtr received = server->next(OpCode::HelloRequest);
    EXPECT_EQ(received->header.status, 0);
    EXPECT_EQ(second.messageId, first.messageId);
    EXPECT_FALSE(received->textHeaders.find("~reason"));
}

TEST(NameResolution, FindsLocalhost) {
    Side server;
    Side client;
    const Listening listening = server->listen(localTcp());
    client->sayHello(TcpClientAddress{"localhost", std::get<TcpServerAddress>(listening.bound).port});
    server->acceptHello();
    client->next(OpCode::HelloResponse);
}

TEST(NameResolution, NeverBlocksTheReactor) {
    Link link;
    // Whatever these lookups take, an exchange of the same reactor goes on meanwhile.
    std::vector<ChannelNumber> lookups;
    for (int i = 0; i < 8; ++i) {
        const std::string name = "no-such-host-" + std::to_string(i) + ".invalid";
        lookups.push_back(link.client->sayHello(TcpClientAddress{name, 7099}).channelNumber);
    }
    std::promise<void> ran;
    asio::post(link.client.reactor.executor(), [&ran] { ran.set_value(); });
    EXPECT_EQ(ran.get_future().wait_for(patience), std::future_status::ready);
    for (int i = 0; i < 100; ++i) {
        link.client->post(OpCode::Request, link.atClient, std::to_string(i));
        EXPECT_EQ(link.server->next(OpCode::Request)->body.view(), std::to_string(i));
    }
}

class Order : public testing::TestWithParam<Address> {};

TEST_P(Order, IsKeptEndToEndPerChannel) {
    Link link({}, {}, GetParam());
    constexpr int count = 5000;
    std::thread poster([&link] {
        constexpr std::array opCodes{OpCode::Request, OpCode::Response, OpCode::Signal};
        for (int i = 0; i < count; ++i) {
            // Sizes that fall on both sides of one write, one read and a message's own storage.
            const std::string body = std::to_string(i) + std::string(i % 97 == 0 ? 60'000U : 7U, '.');
            MessagePtr message = link.client->make(opCodes[static_cast<std::size_t>(i) % 3], link.atClient,
                                                   body, static_cast<MessageId>(i + 1));
            error_code ec;
            while (link.client->channels.post(std::move(message), ec),
                   ec == error_code(Status::SendQueueFull))
                link.client->channels.waitWritable(link.atClient, patience);
        }
    });
    for (int i = 0; i < count; ++i) {
        const MessagePtr message = link.server->next();
        ASSERT_EQ(message->header.messageId, static_cast<MessageId>(i + 1));
        ASSERT_EQ(message->body.view().substr(0, message->body.view().find('.')), std::to_string(i));
    }
    poster.join();
}

TEST_P(Order, HoldsForAHelloResponseAmongOtherMessages) {
    Side server;
    Side client;
    client->sayHello(server->listen(GetParam()).address);
    MessagePtr hello = server->next(OpCode::HelloRequest);
    const ChannelNumber channel = hello->header.channelNumber;
    server->post(OpCode::Signal, channel, "before");
    hello->header.opCode = OpCode::HelloResponse;
    server->post(std::move(hello));
    server->post(OpCode::Signal, channel, "after");
    EXPECT_EQ(client->next(OpCode::Signal)->body.view(), "before");
    client->next(OpCode::HelloResponse);
    EXPECT_EQ(client->next(OpCode::Signal)->body.view(), "after");
}

INSTANTIATE_TEST_SUITE_P(, Order, testing::Values(localTcp(), Address(UdsServerAddress{})),
                         [](const auto& param) { return param.index == 0 ? "Tcp" : "Uds"; });

}  // namespace
}  // namespace tempeh::test
