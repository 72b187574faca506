// docs/concepts/backpressure.md, "Inbound".

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"

#include <future>
#include <thread>

namespace tempeh::test {
namespace {

Options smallPool() {
    return Options{.initialPoolMessages = 4, .maxPoolMessages = 16};
}

bool isPoolEmptyNotice(const Message& message) {
    return statusOf(message) == Status::PoolEmpty;
}

/// Messages the receiver keeps, so that the pool runs out.
struct Hoard {
    /// Takes until the PoolEmpty notice; checks that the bodies go on counting at `next`.
    void fill(Party& party, int& next) {
        for (;;) {
            MessagePtr message = party.next();
            if (isPoolEmptyNotice(*message)) {
                notice = std::move(message);
                return;
            }
            EXPECT_EQ(message->body.view(), std::to_string(next++));
            messages.push_back(std::move(message));
        }
    }
    std::vector<MessagePtr> messages;
    MessagePtr notice;
};

void postNumbers(Party& party, ChannelNumber channel, int from, int to) {
    for (int i = from; i < to; ++i)
        party.post(OpCode::Signal, channel, std::to_string(i));
}

TEST(InboundBackpressure, AnEmptyPoolStopsReadingAndSaysSoOnce) {
    Link link(smallPool());
    postNumbers(link.client.party, link.atClient, 0, 500);
    int next = 0;
    Hoard hoard;
    hoard.fill(link.server.party, next);
    EXPECT_EQ(hoard.notice->header.opCode, OpCode::Signal);
    EXPECT_EQ(hoard.notice->header.channelNumber, link.atServer);
    EXPECT_LE(hoard.messages.size(), 16U);
    EXPECT_TRUE(link.server->channels.channelInfo(link.atServer).isReadingPaused);
    // One message back and away again, over and over: the shortage goes on, and nobody is told again.
    while (next < 400) {
        hoard.messages.erase(hoard.messages.begin());
        MessagePtr message = link.server->next(OpCode::Signal);
        EXPECT_EQ(message->body.view(), std::to_string(next++));
        hoard.messages.push_back(std::move(message));
    }
    EXPECT_EQ(link.server->group.stats().poolEmptyNotices, 1U);
    EXPECT_GT(link.server->channels.channelInfo(link.atServer).stats.poolPauses, 0U);
    constexpr std::uint64_t notice = 1;  // of the shortage, for which there always is a message
    EXPECT_LE(link.server.reactor.stats().pool.highWater, 16U + notice);
}

TEST(InboundBackpressure, APoolFullOfHellosStillReceivesTheirAnswers) {
    constexpr std::size_t hellos = 3;
    RawServer server;
    Side client(Options{.initialPoolMessages = 0, .maxPoolMessages = hellos});
    std::vector<RawPeer> peers;
    for (std::size_t i = 0; i != hellos; ++i) {
        client->sayHello(TcpClientAddress{"127.0.0.1", server.port()});
        peers.push_back(server.accept());
    }
    std::vector<BinaryHeader> requests;
    for (RawPeer& peer : peers)
        requests.push_back(peer.readFrame());
    for (std::size_t i = 0; i != hellos; ++i) {
        peers[i].write(
            {.channelNumber = 1, .opCode = OpCode::HelloResponse, .messageId = requests[i].messageId});
        EXPECT_EQ(client->next(OpCode::HelloResponse)->header.messageId, requests[i].messageId);
    }
    EXPECT_EQ(client->group.stats().poolEmptyNotices, 0U);
}

TEST(InboundBackpressure, ReadingResumesByItselfWhenMessagesReturn) {
    Link link(smallPool());
    int next = 0;
    for (int round = 0; round < 5; ++round) {
        const int end = (round + 1) * 100;
        postNumbers(link.client.party, link.atClient, end - 100, end);
        Hoard hoard;
        hoard.fill(link.server.party, next);
        hoard.notice.reset();
        hoard.messages.clear();
        while (next < end) {
            const MessagePtr message = link.server->next();
            if (isPoolEmptyNotice(*message)) continue;
            ASSERT_EQ(message->body.view(), std::to_string(next));
            ++next;
        }
    }
    EXPECT_FALSE(link.server->channels.channelInfo(link.atServer).isReadingPaused);
}

TEST(InboundBackpressure, ASecondShortageIsToldAgain) {
    Link link(smallPool());
    int next = 0;
    postNumbers(link.client.party, link.atClient, 0, 100);
    {
        Hoard hoard;
        hoard.fill(link.server.party, next);
    }
    while (next < 100) {
        const MessagePtr message = link.server->next();
        next += isPoolEmptyNotice(*message) ? 0 : 1;
    }
    const std::uint64_t notices = link.server->group.stats().poolEmptyNotices;
    postNumbers(link.client.party, link.atClient, 100, 200);
    Hoard hoard;
    hoard.fill(link.server.party, next);
    EXPECT_EQ(link.server->group.stats().poolEmptyNotices, notices + 1);
}

TEST(InboundBackpressure, ThePeerIsSlowedDownAndNothingIsLost) {
    Options client;
    client.sendQueueMessages = 64;
    Link link(smallPool(), client);
    constexpr int count = 3000;
    const std::string filler(5000, '.');
    std::thread poster([&] {
        for (int i = 0; i < count; ++i) {
            MessagePtr message = link.client->make(OpCode::Signal, link.atClient, std::to_string(i) + filler);
            error_code ec;
            while (link.client->channels.post(std::move(message), ec),
                   ec == error_code(Status::SendQueueFull))
                link.client->channels.waitWritable(link.atClient, patience);
        }
    });
    for (int i = 0; i < count;) {
        const MessagePtr message = link.server->next();
        if (isPoolEmptyNotice(*message)) continue;
        ASSERT_EQ(message->body.view(), std::to_string(i) + filler);
        ++i;
    }
    poster.join();
    constexpr std::uint64_t notice = 1;  // of the shortage, for which there always is a message
    EXPECT_LE(link.server.reactor.stats().pool.highWater, 16U + notice);
}

TEST(InboundBackpressure, AGroupThatHoardsDoesNotStopAnother) {
    Link link(smallPool());
    postNumbers(link.client.party, link.atClient, 0, 500);
    int next = 0;
    Hoard hoard;  // kept to the end
    hoard.fill(link.server.party, next);

    Party other(link.server.reactor);
    const Listening listening = other.listen(localTcp());
    Side client;
    client->sayHello(listening.address);
    MessagePtr hello = other.waitFor(OpCode::HelloRequest);
    const ChannelNumber atOther = hello->header.channelNumber;
    hello->header.opCode = OpCode::HelloResponse;
    other.post(std::move(hello));
    const ChannelNumber atClient = client->next(OpCode::HelloResponse)->header.channelNumber;
    postNumbers(client.party, atClient, 0, 500);
    for (int i = 0; i < 500; ++i)
        EXPECT_EQ(other.waitFor(OpCode::Signal)->body.view(), std::to_string(i));
    EXPECT_EQ(other.channels.channelInfo(atOther).stats.received.messages, 501U);
    EXPECT_LE(hoard.messages.size(), 16U);
}

/// Both applications have filled their send queues beyond the pool, and then each receives what the other
/// sent.
TEST(InboundBackpressure, PoolsFullOfWhatWaitsToBeSentDoNotStopEachOther) {
    Options options = smallPool();
    options.sendBufferBytes = 16 * 1024;
    Link link(options, options);
    constexpr int count = 50;
    const std::string body(60'000, 'x');
    for (int i = 0; i < count; ++i) {
        link.client.party.post(OpCode::Signal, link.atClient, body);
        link.server.party.post(OpCode::Signal, link.atServer, body);
    }
    const auto receiveAll = [&](Party& party) {
        for (int received = 0; received < count;) {
            const MessagePtr message = party.next();
            if (isPoolEmptyNotice(*message)) continue;
            EXPECT_EQ(message->body.size(), body.size());
            ++received;
        }
    };
    auto atClient = std::async(std::launch::async, [&] { receiveAll(link.client.party); });
    receiveAll(link.server.party);
    atClient.get();
    // Beyond what the applications took: the pool once more, for what is received meanwhile.
    EXPECT_LE(link.client.reactor.stats().pool.highWater, count + 16U);
}

TEST(InboundBackpressure, StatusesFindAPlaceWhenThePoolIsEmpty) {
    Link link(smallPool());
    postNumbers(link.client.party, link.atClient, 0, 500);
    int next = 0;
    Hoard hoard;
    hoard.fill(link.server.party, next);
    while (link.server.reactor.get(AllocationStrategy::PoolOnly) != nullptr) {
    }
    link.server->post(OpCode::ByeSignal, link.atServer);
    std::vector<MessagePtr> rest = link.server->collectUntilClosed(link.atServer);
    EXPECT_TRUE(isClosedNotice(*rest.back()));
}

TEST(Pool, PoolOnlyGivesNothingWhenItIsEmptyAndAlwaysAllocates) {
    Reactor reactor(Options{.initialPoolMessages = 2, .maxPoolMessages = 2});
    const MessagePtr first = reactor.get(AllocationStrategy::PoolOnly);
    MessagePtr second = reactor.get(AllocationStrategy::PoolOnly);
    EXPECT_NE(first, nullptr);
    EXPECT_NE(second, nullptr);
    EXPECT_EQ(reactor.get(AllocationStrategy::PoolOnly), nullptr);
    EXPECT_NE(reactor.get(AllocationStrategy::Always), nullptr);
    reactor.put(std::move(second));
    EXPECT_NE(reactor.get(AllocationStrategy::PoolOnly), nullptr);
}

}  // namespace
}  // namespace tempeh::test
