// ChannelGroup::setReadMode: a channel that is not read for a while, and one that is read whatever the pool
// has.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <future>
#include <string>
#include <thread>

namespace tempeh::test {
namespace {

void postNumbers(Party& party, ChannelNumber channel, int from, int to) {
    for (int i = from; i < to; ++i)
        party.post(OpCode::Signal, channel, std::to_string(i));
}

void expectNumbers(Party& party, ChannelNumber channel, int from, int to) {
    for (int i = from; i < to; ++i) {
        const MessagePtr message = party.waitFor(OpCode::Signal);
        ASSERT_EQ(message->header.channelNumber, channel);
        ASSERT_EQ(message->body.view(), std::to_string(i));
    }
}

/// A second connection to the server of a link.
struct SecondClient {
    explicit SecondClient(Link& link) {
        side->sayHello(link.listening.address);
        atServer = link.server->acceptHello();
        atClient = side->next(OpCode::HelloResponse)->header.channelNumber;
    }
    Side side;
    ChannelNumber atServer = 0;
    ChannelNumber atClient = 0;
};

/// Everything that was under way to the server's group over the other channel is there: what was sent over
/// the paused one before would be, too.
void exchange(Link& link, SecondClient& second) {
    link.server->post(OpCode::Request, second.atServer, "ping");
    MessagePtr request = second.side->next(OpCode::Request);
    request->header.opCode = OpCode::Response;
    second.side->post(std::move(request));
    const MessagePtr answer = link.server->next();
    EXPECT_EQ(answer->header.opCode, OpCode::Response) << dump(*answer);
}

TEST(ReadMode, APausedChannelWaitsAloneAndLosesNothing) {
    Link link;
    SecondClient second(link);
    link.server->group.setReadMode(link.atServer, ReadMode::Paused);
    EXPECT_TRUE(eventually([&] { return link.server->channels.channelInfo(link.atServer).isReadingPaused; }));
    EXPECT_EQ(link.server->channels.channelInfo(link.atServer).readMode, ReadMode::Paused);
    EXPECT_EQ(link.server->channels.channelInfo(link.atServer).readingFor, Duration::zero());
    postNumbers(link.client.party, link.atClient, 0, 1000);
    exchange(link, second);
    EXPECT_EQ(link.server->channels.channelInfo(link.atServer).stats.received.messages, 1U);
    EXPECT_FALSE(link.server->channels.channelInfo(second.atServer).isReadingPaused);

    link.server->group.setReadMode(link.atServer, ReadMode::Normal);
    expectNumbers(link.server.party, link.atServer, 0, 1000);
    EXPECT_FALSE(link.server->channels.channelInfo(link.atServer).isReadingPaused);
    EXPECT_EQ(link.server->group.stats().poolEmptyNotices, 0U);
}

TEST(ReadMode, APausedChannelStillSends) {
    Link link;
    link.server->group.setReadMode(link.atServer, ReadMode::Paused);
    postNumbers(link.server.party, link.atServer, 0, 100);
    expectNumbers(link.client.party, link.atClient, 0, 100);
}

/// Paused and resumed at any place of a stream, in the middle of frames too.
TEST(ReadMode, PausingAgainAndAgainKeepsTheOrder) {
    Link link;
    constexpr int count = 2000;
    std::atomic<bool> isDone = false;
    std::thread sender([&] { postNumbers(link.client.party, link.atClient, 0, count); });
    std::thread pauser([&] {
        while (!isDone) {
            link.server->group.setReadMode(link.atServer, ReadMode::Paused);
            std::this_thread::yield();
            link.server->group.setReadMode(link.atServer, ReadMode::Normal);
            std::this_thread::yield();
        }
    });
    expectNumbers(link.server.party, link.atServer, 0, count);
    isDone = true;
    sender.join();
    pauser.join();
}

TEST(ReadMode, TheReceiverItselfMayPauseOnTheEnginesThread) {
    Link link;
    constexpr int count = 2000;
    std::promise<void> waits;
    std::promise<std::uint64_t> whilePaused;
    auto receive = [&](ChannelGroup& group) -> asio::awaitable<void> {
        int next = 0;
        waits.set_value();
        while (next < count) {
            const MessagePtr message = co_await group.waitReceive();
            EXPECT_EQ(message->body.view(), std::to_string(next));
            if (++next != 10) continue;
            group.setReadMode(link.atServer, ReadMode::Paused);
            // What was delivered along with it is taken, then nothing comes.
            MessagePtr more = co_await group.waitReceive(50ms);
            for (; more != nullptr; more = co_await group.waitReceive(50ms))
                EXPECT_EQ(more->body.view(), std::to_string(next++));
            whilePaused.set_value(group.channelInfo(link.atServer).stats.received.messages);
            group.setReadMode(link.atServer, ReadMode::Normal);
        }
    };
    auto done = asio::co_spawn(link.server.reactor.executor(), receive(link.server->group), asio::use_future);
    waits.get_future().wait();
    postNumbers(link.client.party, link.atClient, 0, count);
    EXPECT_LT(whilePaused.get_future().get(), std::uint64_t{count});
    done.get();
}

TEST(ReadMode, AnUrgentChannelIsReadAlthoughThePoolIsEmpty) {
    Link link(Options{.initialPoolMessages = 4, .maxPoolMessages = 16});
    std::vector<MessagePtr> hoard;
    postNumbers(link.client.party, link.atClient, 0, 100);
    for (;;) {
        hoard.push_back(link.server->next());
        if (statusOf(*hoard.back()) == Status::PoolEmpty) break;
    }
    const int before = static_cast<int>(hoard.size()) - 1;
    EXPECT_LE(before, 16);
    link.server->group.setReadMode(link.atServer, ReadMode::Urgent);
    expectNumbers(link.server.party, link.atServer, before, 100);
    EXPECT_FALSE(link.server->channels.channelInfo(link.atServer).isReadingPaused);
    EXPECT_GT(link.server->channels.channelInfo(link.atServer).readingFor, Duration::zero());
}

/// Others of its group that wait for the pool wait on, and none is forgotten.
TEST(ReadMode, AnUrgentChannelPassesThoseThatWaitForThePool) {
    Link link(Options{.initialPoolMessages = 4, .maxPoolMessages = 16});
    SecondClient second(link);
    std::vector<MessagePtr> hoard;
    postNumbers(link.client.party, link.atClient, 0, 100);
    while (hoard.empty() || statusOf(*hoard.back()) != Status::PoolEmpty)
        hoard.push_back(link.server->next());
    const int first = static_cast<int>(hoard.size()) - 1;
    postNumbers(second.side.party, second.atClient, 0, 100);
    EXPECT_TRUE(
        eventually([&] { return link.server->channels.channelInfo(second.atServer).isReadingPaused; }));
    link.server->group.setReadMode(second.atServer, ReadMode::Urgent);
    expectNumbers(link.server.party, second.atServer, 0, 100);
    EXPECT_TRUE(eventually([&] { return link.server->channels.channelInfo(link.atServer).isReadingPaused; }));
    hoard.clear();
    expectNumbers(link.server.party, link.atServer, first, 100);
}

/// The peer answers at once; that nobody reads it is not its fault.
TEST(ReadMode, AByeThatIsNotReadDoesNotTimeOut) {
    Options options;
    options.byeTimeout = 20ms;
    Link link(options);
    link.server->group.setReadMode(link.atServer, ReadMode::Paused);
    link.server->post(OpCode::ByeRequest, link.atServer);
    link.client->next(OpCode::ByeRequest);
    EXPECT_EQ(link.server->channels.waitReceive(200ms), nullptr);
    link.server->group.setReadMode(link.atServer, ReadMode::Normal);
    link.server->next(OpCode::ByeResponse);
    EXPECT_EQ(reasonOf(*link.server->nextClosed(link.atServer)), "ChannelClosed: bye exchanged");
}

TEST(ReadMode, AFrameThatIsNotReadDoesNotTimeOut) {
    Options options;
    options.frameTimeout = 20ms;
    Side server(options);
    const Listening listening = server->listen(localTcp());
    raw::Peer peer = raw::Peer::connectTo(std::get<TcpClientAddress>(listening.address).port);
    peer.send(raw::helloRequest().bytes());
    const ChannelNumber channel = server->acceptHello();
    server->group.setReadMode(channel, ReadMode::Paused);
    const Bytes frame = raw::Frame{.proto = 2, .body = std::string(5000, 'x')}.bytes();
    peer.send(std::span(frame).first(3000));
    EXPECT_EQ(server->channels.waitReceive(200ms), nullptr);
    EXPECT_EQ(server.reactor.stats().frameTimeouts, 0U);
    server->group.setReadMode(channel, ReadMode::Normal);
    peer.send(std::span(frame).subspan(3000));
    EXPECT_EQ(server->next(OpCode::Signal)->body.size(), 5000U);
}

TEST(ReadMode, ClosingAPausedChannelWorks) {
    Link link;
    link.server->group.setReadMode(link.atServer, ReadMode::Paused);
    postNumbers(link.client.party, link.atClient, 0, 100);
    link.server->post(OpCode::ByeSignal, link.atServer);
    link.server->nextClosed(link.atServer);
    link.client->collectUntilClosed(link.atClient);
    error_code ec;
    link.server->group.setReadMode(link.atServer, ReadMode::Normal, ec);
    EXPECT_EQ(ec, error_code(Status::InvalidChannelNumber));
}

TEST(ReadMode, AnEngineWithAPausedChannelShutsDown) {
    Link link;
    link.server->group.setReadMode(link.atServer, ReadMode::Paused);
    postNumbers(link.client.party, link.atClient, 0, 100);
    EXPECT_TRUE(link.server.reactor.shutdown(patience).complete);
}

TEST(ReadMode, WhatIsNoConnectionOfTheGroupIsRefused) {
    Link link;
    Party other(link.server.reactor);
    error_code ec;
    other.group.setReadMode(link.atServer, ReadMode::Paused, ec);
    EXPECT_EQ(ec, error_code(Status::InvalidChannelGroup));
    link.server->group.setReadMode(link.listening.channel, ReadMode::Paused, ec);
    EXPECT_EQ(ec, error_code(Status::NotAllowed));
    EXPECT_THROW(link.server->group.setReadMode(0, ReadMode::Paused), Error);
    ChannelGroup empty;
    empty.setReadMode(1, ReadMode::Paused, ec);
    EXPECT_EQ(ec, error_code(Status::InvalidChannelGroup));
}

}  // namespace
}  // namespace tempeh::test
