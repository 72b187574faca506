// What waits to be taken holds up its own channel, and only that; and not what somebody waits for.

#include "support/flows_fixture.hpp"

#include <atomic>
#include <string>
#include <vector>

namespace tempeh::test {
namespace {

using flows::Peer;

const Options smallPool{.initialPoolMessages = 16, .maxPoolMessages = 128};
constexpr int many = 400;  // more than there are messages

/// Asks its client back before it answers.
asio::awaitable<void> askBack(Peer peer) {
    for (;;) {
        MessagePtr request = co_await peer.receive();
        if (request->header.opCode != OpCode::Request) continue;
        MessagePtr question = peer.newMessage(OpCode::Request, "who are you?");
        const MessagePtr answer = co_await peer.request(std::move(question), patience);
        EXPECT_NE(answer, nullptr);
        co_await peer.respond(std::move(request));
    }
}

asio::awaitable<void> answerAll(Peer peer) {
    (void)co_await codeOf(echo(std::move(peer)));
}

asio::awaitable<void> askOnce(Peer peer, int* left, Event* done) {
    const MessagePtr answer = co_await peer.request(peer.newMessage(), patience);
    EXPECT_NE(answer, nullptr);
    if (--*left == 0) done->set();
}

asio::awaitable<void> askManyAtOnce(Peer peer) {
    int left = many;
    Event done(peer.executor());
    asio::co_spawn(peer.executor(), answerAll(peer), asio::detached);
    for (int i = 0; i < many; ++i)
        asio::co_spawn(peer.executor(), askOnce(peer, &left, &done), asio::detached);
    co_await done.wait();
    peer.abort();
}

TEST(FlowsBacklog, AHandlerMayAskItsClientBackHoweverMuchWaits) {
    FlowsPair pair(askBack, localTcp(), {}, smallPool);
    pair.onClient(askManyAtOnce(pair.connect()));
}

/// Answers; but the first one it sees stands still until it is let go, and then counts what it was sent.
class OneStandsStill {
public:
    flows::Handler handler() {
        return [this](Peer peer) { return serve(this, std::move(peer)); };
    }
    std::atomic<bool> isLetGo{false};
    std::atomic<int> received{0};

private:
    static asio::awaitable<void> serve(OneStandsStill* self, Peer peer) {
        if (self->hasFirst_.exchange(true)) co_return co_await echo(std::move(peer));
        while (!self->isLetGo)
            co_await peer.sleep(1ms);
        for (;;) {
            const MessagePtr message = co_await peer.receive();
            if (message->header.opCode != OpCode::Signal) continue;
            EXPECT_EQ(message->body.view(), std::to_string(self->received));
            ++self->received;
        }
    }
    std::atomic<bool> hasFirst_{false};
};

asio::awaitable<void> tellNumbers(Peer peer, int count) {
    for (int i = 0; i < count; ++i)
        co_await peer.send(peer.newMessage(OpCode::Signal, std::to_string(i)));
    co_await peer.close();
}

asio::awaitable<void> askOften(Peer peer) {
    for (int i = 0; i < many; ++i)
        co_await expectEcho(peer);
}

TEST(FlowsBacklog, AHandlerThatStandsStillStopsItsOwnClientAlone) {
    OneStandsStill still;
    FlowsPair pair(still.handler(), localTcp(), {}, smallPool);
    constexpr int told = 20'000;
    Peer first = pair.connect();
    Running telling(pair.clientReactor.executor(), tellNumbers(std::move(first), told));
    ASSERT_TRUE(eventually([&] { return pair.serverReactor.stats().pool.outstanding >= 20; }));
    pair.onClient(askOften(pair.connect()));
    EXPECT_LT(pair.serverReactor.stats().pool.outstanding, 128U);
    still.isLetGo = true;
    telling.join();
    EXPECT_TRUE(eventually([&] { return still.received == told; })) << still.received;
}

/// News for everybody with every answer.
asio::awaitable<void> spreadNews(Peer peer) {
    for (;;) {
        MessagePtr request = co_await peer.receive();
        if (request->header.opCode != OpCode::Request) continue;
        for (int i = 0; i < 3; ++i)
            co_await peer.send(peer.newMessage(OpCode::Signal, "news"));
        co_await peer.respond(std::move(request), "hi");
    }
}

asio::awaitable<void> expectNewsInTheEnd(Peer peer) {
    for (int i = 0; i < many; ++i) {
        const MessagePtr answer = co_await peer.request(peer.newMessage(), patience);
        EXPECT_NE(answer, nullptr);
    }
    for (int i = 0; i < 3 * many; ++i) {
        const MessagePtr news = co_await peer.receive(patience);
        EXPECT_EQ(news->body.view(), "news");
    }
}

TEST(FlowsBacklog, NewsThatNobodyReceivesHoldsNoAnswerUp) {
    FlowsPair pair(spreadNews, localTcp(), {}, Options(), smallPool);
    pair.onClient(expectNewsInTheEnd(pair.connect()));
}

asio::awaitable<void> askALinkOften(flows::ReconnectingPeer link) {
    for (int i = 0; i < many; ++i) {
        const MessagePtr answer = co_await link.request(link.newMessage(), patience);
        EXPECT_NE(answer, nullptr);
    }
}

TEST(FlowsBacklog, NewsThatNobodyReceivesHoldsNoAnswerOfALinkUp) {
    FlowsPair pair(spreadNews, localTcp(), {}, Options(), smallPool);
    const flows::ReconnectingPeer link(pair.clientReactor, pair.address);
    pair.onClient(askALinkOften(link));
}

constexpr int streams = 100;
constexpr std::size_t streamBytes = 50'000;

/// One after the other, though all of them come at once.
asio::awaitable<void> readOneByOne(Peer peer) {
    for (;;) {
        MessagePtr first = co_await peer.receive();
        if (first->header.opCode != OpCode::Request) continue;
        const MessageId id = first->header.messageId;
        flows::StreamReader reader(peer, std::move(first));
        const std::string all = co_await reader.readAll(streamBytes);
        EXPECT_EQ(all.size(), streamBytes);
        flows::StreamWriter answer(peer, id);
        co_await answer.finish();
    }
}

asio::awaitable<void> writeOne(Peer peer, int* left, Event* done) {
    const std::string text(streamBytes, 'x');
    flows::StreamWriter writer(peer, OpCode::Request, {.partBytes = 1000});
    co_await writer.write(text);
    const MessagePtr answer = co_await writer.answer(patience);
    EXPECT_NE(answer, nullptr);
    if (--*left == 0) done->set();
}

asio::awaitable<void> writeManyAtOnce(Peer peer) {
    int left = streams;
    Event done(peer.executor());
    for (int i = 0; i < streams; ++i)
        asio::co_spawn(peer.executor(), writeOne(peer, &left, &done), asio::detached);
    co_await done.wait();
}

TEST(FlowsBacklog, StreamsThatComeAtOnceMayBeReadOneByOne) {
    FlowsPair pair(readOneByOne, localTcp(), {}, smallPool);
    pair.onClient(writeManyAtOnce(pair.connect()));
}

/// Takes one part and then none.
asio::awaitable<void> readOnePart(Peer peer) {
    MessagePtr first = co_await peer.receive();
    flows::StreamReader reader(peer, std::move(first));
    co_await reader.next();
    while (peer.isOpen())
        co_await peer.sleep(1ms);
}

/// In parts of its own making, with no window.
asio::awaitable<void> sendParts(Peer peer) {
    error_code ec;
    while (!ec) {
        MessagePtr part = peer.newMessage(OpCode::Request, "part");
        part->header.messageId = 9;
        part->header.more = true;
        ec = co_await codeOf(peer.send(std::move(part)));
    }
    EXPECT_EQ(ec, Status::ChannelClosed);
}

TEST(FlowsBacklog, TheMostThatMayWaitIsForPartsOfStreamsToo) {
    FlowsPair pair(readOnePart, localTcp(), {.maxWaiting = 16});
    pair.onClient(sendParts(pair.connect()));
    EXPECT_TRUE(eventually([&] { return pair.server->counters().overruns == 1; }));
}

/// The client's end is told to a handler that receives late, though its channel was not read for long.
TEST(FlowsBacklog, WhatWaitsIsReceivedAfterTheEndToo) {
    OneStandsStill still;
    FlowsPair pair(still.handler());
    Peer peer = pair.connect();
    constexpr int told = 3'000;
    Running telling(pair.clientReactor.executor(), tellNumbers(std::move(peer), told));
    ASSERT_TRUE(eventually([&] { return pair.serverReactor.stats().pool.outstanding >= 1'000; }));
    still.isLetGo = true;
    telling.join();
    EXPECT_TRUE(eventually([&] { return still.received == told; })) << still.received;
}

}  // namespace
}  // namespace tempeh::test
