// Destructors of MessagePtr, ChannelGroup and Reactor (docs/concepts/shutdown.md): none hangs, none discards
// what was posted.

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <future>
#include <optional>

namespace tempeh::test {
namespace {

/// A client with far more posted than its peer, which does not read, can take.
struct Stuck {
    explicit Stuck(std::uint16_t port)
        : client(std::in_place, Options{.lingerTimeout = 20ms, .sendBufferBytes = RawServer::bufferBytes})
        , channel(client->party.sayHello(TcpClientAddress{"127.0.0.1", port}).channelNumber) {
        for (int i = 0; i < 60; ++i)
            client->party.post(OpCode::Request, channel, std::string(60'000, 'b'));
    }
    std::optional<Side> client;
    ChannelNumber channel;
};

TEST(ReactorDestructor, NeverHangsOnAPeerThatDoesNotRead) {
    RawServer server;
    Stuck stuck(server.port());
    const RawPeer peer = server.accept();
    stuck.client.reset();
}

TEST(ReactorDestructor, NeverHangsOnAConnectionThatNeverComesAbout) {
    Side client(Options{.lingerTimeout = 20ms});
    client->sayHello(TcpClientAddress{"192.0.2.1", 9});  // reserved for documents: nobody answers
}

TEST(ReactorDestructor, SendsWhatWasPosted) {
    Side server;
    const Listening listening = server->listen(localTcp());
    constexpr int count = 1000;
    {
        Side client(Options{.lingerTimeout = patience});
        const BinaryHeader hello = client->sayHello(listening.address);
        for (int i = 0; i < count; ++i)
            client->post(OpCode::Request, hello.channelNumber, std::to_string(i) + std::string(1000, '.'));
    }
    server->next(OpCode::HelloRequest);
    for (int i = 0; i < count; ++i)
        ASSERT_EQ(server->next(OpCode::Request)->body.view(), std::to_string(i) + std::string(1000, '.'));
    server->next(OpCode::Signal, Status::ChannelClosed);
}

TEST(ReactorDestructor, OnItsOwnThread) {
    auto reactor = std::make_unique<Reactor>();
    Party server(*reactor);
    server.listen(localTcp());
    std::promise<void> done;
    const asio::any_io_executor executor = reactor->executor();
    asio::post(executor, [&] {
        reactor.reset();
        done.set_value();
    });
    done.get_future().wait();
    server.waitFor(OpCode::Signal, Status::ChannelClosed);
    error_code ec;
    EXPECT_EQ(server.channels.waitReceive(patience, ec), nullptr);
    EXPECT_EQ(ec, Status::ShutdownStarted);
}

TEST(ReactorDestructor, OnItsOwnThreadWithUnsentMessages) {
    RawServer server;
    Stuck stuck(server.port());
    const RawPeer peer = server.accept();
    std::promise<void> done;
    asio::post(stuck.client->reactor.executor(), [&] {
        stuck.client.reset();
        done.set_value();
    });
    done.get_future().wait();
}

TEST(GroupDestructor, ClosesItsChannelsAndListeners) {
    Side server;
    Side client;
    std::optional<Party> group(server.reactor);
    const Listening listening = group->listen(localTcp());
    const BinaryHeader hello = client->sayHello(listening.address);
    group->acceptHello();
    client->next(OpCode::HelloResponse);
    group.reset();
    client->nextClosed(hello.channelNumber);
    const BinaryHeader second = client->sayHello(listening.address);
    EXPECT_NE(statusOf(*client->next(OpCode::HelloResponse, Status::ConnectFailed)), Status::Success);
    client->nextClosed(second.channelNumber);
    server->listen(listening.bound);
}

TEST(GroupDestructor, StillSendsWhatWasPosted) {
    Side server;
    const Listening listening = server->listen(localTcp());
    Side client(Options{.lingerTimeout = patience});
    constexpr int count = 2000;
    {
        Party group(client.reactor);
        const BinaryHeader hello = group.sayHello(listening.address);
        for (int i = 0; i < count; ++i)
            group.post(OpCode::Request, hello.channelNumber, std::to_string(i) + std::string(1000, '.'));
    }
    server->next(OpCode::HelloRequest);
    for (int i = 0; i < count; ++i)
        ASSERT_EQ(server->next(OpCode::Request)->body.view(), std::to_string(i) + std::string(1000, '.'));
    server->next(OpCode::Signal, Status::ChannelClosed);
}

TEST(GroupDestructor, DoesNotWaitForAPeerThatDoesNotRead) {
    RawServer server;
    Stuck stuck(server.port());
    RawPeer peer = server.accept();
    { const Party moved(std::move(stuck.client->party)); }
    EXPECT_TRUE(peer.readsEnd());  // given up after lingerTimeout
    ASSERT_TRUE(eventually([&] { return stuck.client->reactor.stats().channels == 0; }));
}

TEST(GroupDestructor, EndsAWaitingReceive) {
    Reactor reactor;
    std::optional<ChannelGroup> group(reactor.createGroup());
    auto waiting = errorOf([&](auto handler) { group->waitReceive(infinite, handler); });
    group.reset();
    EXPECT_EQ(waiting.get(), asio::error::operation_aborted);
}

TEST(GroupDestructor, GivesItsUnreadMessagesBackToThePool) {
    Link link;
    std::optional<Party> other(link.server.reactor);
    const Listening listening = other->listen(localTcp());
    const BinaryHeader hello = link.client->sayHello(listening.address);
    for (int i = 0; i < 100; ++i)
        link.client->post(OpCode::Signal, hello.channelNumber);
    ASSERT_TRUE(eventually([&] { return other->group.stats().pending == 101; }));
    const std::uint64_t out = link.server.reactor.stats().pool.outstanding;
    other.reset();
    ASSERT_TRUE(eventually([&] { return link.server.reactor.stats().pool.outstanding + 100 <= out; }));
}

TEST(Messages, OutliveTheirEngine) {
    MessagePtr received;
    MessagePtr made;
    {
        Link link;
        made = link.client->make(OpCode::Request, 0, "made");
        link.client->post(OpCode::Request, link.atClient, std::string(10'000, 'r'));
        received = link.server->next(OpCode::Request);
    }
    EXPECT_EQ(received->body.view(), std::string(10'000, 'r'));
    EXPECT_EQ(made->body.view(), "made");
    received->body.append("still usable");
    received.reset();
    Link link;
    made->header.channelNumber = link.atClient;
    link.client->post(std::move(made));
    EXPECT_EQ(link.server->next(OpCode::Request)->body.view(), "made");
}

TEST(Messages, AByeRequestMayOutliveItsEngine) {
    MessagePtr bye;
    {
        Link link;
        link.client->post(OpCode::ByeRequest, link.atClient);
        bye = link.server->next(OpCode::ByeRequest);
    }
    bye.reset();  // nobody is left to answer for it
}

TEST(Groups, OutliveTheirEngine) {
    std::optional<Reactor> reactor(std::in_place);
    std::optional<Party> party(*reactor);
    const Listening listening = party->listen(localTcp());
    MessagePtr message = reactor->get();
    reactor.reset();
    party->nextClosed(listening.channel);
    error_code ec;
    EXPECT_EQ(party->channels.waitReceive(patience, ec), nullptr);
    EXPECT_EQ(ec, Status::ShutdownStarted);
    message->header.channelNumber = listening.channel;
    EXPECT_EQ(party->tryPost(message), Status::ShutdownStarted);
    party->group.updateReceiver(std::move(message), ec);
    EXPECT_EQ(ec, Status::ShutdownStarted);
    EXPECT_FALSE(party->channels.waitWritable(listening.channel, patience, ec));
    EXPECT_TRUE(ec);
    EXPECT_EQ(errorOf([&](auto handler) { party->group.waitReceive(patience, handler); }).get(),
              Status::ShutdownStarted);
    party->group.stats();
    party.reset();
}

class ContextOrder : public testing::Test {
protected:
    /// An engine on the context with an open channel to itself and something in flight.
    void openChannels() {
        const auto work = asio::make_work_guard(*context_);
        std::thread runner([this] { context_->run(); });
        const Listening listening = party_->listen(localTcp());
        const BinaryHeader hello = party_->sayHello(listening.address);
        party_->acceptHello();
        party_->next(OpCode::HelloResponse);
        for (int i = 0; i < 10; ++i)
            party_->post(OpCode::Request, hello.channelNumber, "in flight");
        context_->stop();
        runner.join();
    }

    std::optional<asio::io_context> context_{std::in_place};
    std::optional<Reactor> reactor_{std::in_place, *context_};
    std::optional<Party> party_{*reactor_};
};

TEST_F(ContextOrder, GroupReactorContext) {
    openChannels();
    party_.reset();
    reactor_.reset();
    context_.reset();
}

TEST_F(ContextOrder, ReactorGroupContext) {
    openChannels();
    reactor_.reset();
    party_.reset();
    context_.reset();
}

TEST_F(ContextOrder, ReactorContextGroup) {
    openChannels();
    reactor_.reset();
    context_.reset();
    error_code ec;
    while (party_->channels.waitReceive(0s, ec) != nullptr) {
    }
    EXPECT_EQ(ec, Status::ShutdownStarted);
    party_.reset();
}

TEST_F(ContextOrder, ContextReactorGroup) {
    openChannels();
    context_.reset();
    error_code ec;
    party_->group.updateReceiver(ec);
    EXPECT_EQ(ec, Status::ShutdownStarted);
    reactor_.reset();
    party_.reset();
}

TEST_F(ContextOrder, TheContextNeverRan) {
    party_->sayHello(localTcp());
    party_->sayHello(TcpClientAddress{});
    party_.reset();
    reactor_.reset();
    context_.reset();
}

}  // namespace
}  // namespace tempeh::test
