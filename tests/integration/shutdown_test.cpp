// The end of an engine: shutdown(deadline), docs/concepts/shutdown.md.

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"

#include <gmock/gmock.h>

#include <future>

namespace tempeh::test {
namespace {

using testing::HasSubstr;

TEST(Shutdown, OfAnIdleEngineIsCompleteAtOnce) {
    Side side;
    const ShutdownReport report = side.reactor.shutdown(patience);
    EXPECT_TRUE(report.complete);
    EXPECT_TRUE(report.blocked.empty());
}

TEST(Shutdown, SendsWhatWasPostedAndIsComplete) {
    Link link;
    const std::string body(1000, 'b');
    constexpr int count = 3000;
    for (int i = 0; i < count; ++i)
        link.client->post(OpCode::Request, link.atClient, body);
    auto report = std::async(std::launch::async, [&link] { return link.client.reactor.shutdown(patience); });
    for (int i = 0; i < count; ++i)
        ASSERT_EQ(link.server->next(OpCode::Request)->body.view(), body);
    link.server->nextClosed(link.atServer);
    EXPECT_TRUE(report.get().complete);
    EXPECT_EQ(link.client->group.stats().returned.total(), 0U);
}

TEST(Shutdown, ClosesEveryChannelAndListener) {
    Link link;
    EXPECT_TRUE(link.server.reactor.shutdown(patience).complete);
    const MessagePtr first = link.server->next(OpCode::Signal, Status::ChannelClosed);
    const MessagePtr second = link.server->next(OpCode::Signal, Status::ChannelClosed);
    EXPECT_NE(first->header.channelNumber, second->header.channelNumber);
    EXPECT_THAT(reasonOf(*first), HasSubstr("ShutdownStarted"));
    link.client->nextClosed(link.atClient);
}

TEST(Shutdown, NamesThePeerThatDoesNotRead) {
    RawServer server;
    Side client(Options{.sendBufferBytes = RawServer::bufferBytes});
    const BinaryHeader hello = client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
    RawPeer peer = server.accept();
    peer.acceptHello();
    client->next(OpCode::HelloResponse);
    constexpr std::size_t count = 60;
    for (std::size_t i = 0; i < count; ++i)
        client->post(OpCode::Request, hello.channelNumber, std::string(60'000, 'b'));

    const ShutdownReport report = client.reactor.shutdown(50ms);
    EXPECT_FALSE(report.complete);
    ASSERT_EQ(report.blocked.size(), 1U);
    EXPECT_THAT(report.blocked.front(), HasSubstr("channel " + std::to_string(hello.channelNumber)));
    EXPECT_THAT(report.blocked.front(), HasSubstr("tcp|127.0.0.1|" + std::to_string(server.port())));

    // What could not be sent comes back; then the channel's end, then the end of all.
    std::vector<MessagePtr> back = client->collectUntilClosed(hello.channelNumber);
    back.pop_back();
    EXPECT_GT(back.size(), 0U);
    for (const MessagePtr& message : back)
        EXPECT_EQ(statusOf(*message), Status::ShutdownStarted);
    EXPECT_EQ(client->group.stats().sent.messages - 1 + back.size(), count);
    error_code ec;
    EXPECT_EQ(client->channels.waitReceive(patience, ec), nullptr);
    EXPECT_EQ(ec, Status::ShutdownStarted);
}

TEST(Shutdown, ReturnsAHelloThatIsStillConnecting) {
    // A backlog of one connection that nobody accepts; the third connection never comes about.
    RawServer server(0);
    std::vector<raw::Descriptor> queued;
    const sockaddr_in address = raw::loopbackAddress(server.port());
    for (int i = 0; i < 4; ++i) {
        queued.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        (void)::connect(queued.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    Side client;
    const BinaryHeader hello = client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
    const ShutdownReport report = client.reactor.shutdown(10ms);
    EXPECT_FALSE(report.complete);
    client->next(OpCode::HelloResponse, Status::ShutdownStarted);
    client->nextClosed(hello.channelNumber);
}

TEST(Shutdown, PostsAfterItFailAndTheCallerKeepsTheMessage) {
    Link link;
    link.client.reactor.shutdown(patience);
    EXPECT_EQ(link.client->tryPost(link.client->make(OpCode::Request, link.atClient)),
              Status::ShutdownStarted);
    EXPECT_EQ(link.client->tryPost(link.client->makeFor(TcpClientAddress{})), Status::ShutdownStarted);
    EXPECT_EQ(link.client->tryPost(link.client->makeFor(localTcp())), Status::ShutdownStarted);
    error_code ec;
    EXPECT_FALSE(link.client.reactor.createGroup(ec));
    EXPECT_EQ(ec, Status::ShutdownStarted);
    EXPECT_THROW(link.client.reactor.createGroup(), Error);
}

TEST(Shutdown, WaitReceiveDrainsAndThenSaysShutdownStarted) {
    Link link;
    for (int i = 0; i < 10; ++i)
        link.server->post(OpCode::Signal, link.atServer, std::to_string(i));
    ASSERT_TRUE(eventually([&] { return link.client->group.stats().pending == 10; }));
    link.client.reactor.shutdown(patience);
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(link.client->next(OpCode::Signal)->body.view(), std::to_string(i));
    link.client->nextClosed(link.atClient);
    for (int i = 0; i < 3; ++i) {
        error_code ec;
        EXPECT_EQ(link.client->channels.waitReceive(patience, ec), nullptr);
        EXPECT_EQ(ec, Status::ShutdownStarted);
        EXPECT_EQ(link.client->group.tryReceive(ec), nullptr);
        EXPECT_EQ(ec, Status::ShutdownStarted);
    }
    EXPECT_THROW(link.client->channels.waitReceive(patience), Error);
    EXPECT_EQ(errorOf([&](auto handler) { link.client->group.waitReceive(patience, handler); }).get(),
              Status::ShutdownStarted);
}

TEST(Shutdown, WakesAWaitingReceiver) {
    Side side;
    auto waiting = errorOf([&](auto handler) { side->group.waitReceive(infinite, handler); });
    side.reactor.shutdown(patience);
    EXPECT_EQ(waiting.get(), Status::ShutdownStarted);
}

TEST(Shutdown, MayBeCalledTwiceAndFromTwoThreads) {
    Link link;
    auto other = std::async(std::launch::async, [&link] { return link.client.reactor.shutdown(patience); });
    EXPECT_TRUE(link.client.reactor.shutdown(patience).complete);
    EXPECT_TRUE(other.get().complete);
    EXPECT_TRUE(link.client.reactor.shutdown(patience).complete);
}

TEST(Shutdown, IsNotAllowedOnTheEnginesOwnThread) {
    Side side;
    std::promise<error_code> result;
    asio::post(side.reactor.executor(), [&] {
        error_code ec;
        side.reactor.shutdown(patience, ec);
        result.set_value(ec);
    });
    EXPECT_EQ(result.get_future().get(), Status::NotAllowed);
    side->listen(localTcp());  // the engine is as it was
}

TEST(Shutdown, SaysWhenNobodyRunsTheContext) {
    asio::io_context context;
    Reactor reactor(context, Options{.lingerTimeout = 1ms});
    Party party(reactor);
    const ShutdownReport report = reactor.shutdown(1ms);
    EXPECT_FALSE(report.complete);
    ASSERT_EQ(report.blocked.size(), 1U);
    EXPECT_THAT(report.blocked.front(), HasSubstr("context"));
}

}  // namespace
}  // namespace tempeh::test
