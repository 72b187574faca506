// One channel is not read for a while; the others are.

#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::Peer;

constexpr int count = 200;

/// Sends numbered signals as fast as there is room.
asio::awaitable<void> flood(Peer peer, std::atomic<int>* sent) {
    for (int i = 0; i < count; ++i) {
        MessagePtr signal = peer.newMessage(OpCode::Signal, std::to_string(i) + std::string(60'000, '.'));
        co_await peer.send(std::move(signal));
        ++*sent;
    }
    for (;;)
        co_await peer.receive();
}

asio::awaitable<void> connectBoth(flows::PeerGroup group, Address paused, Address other, Peer* first,
                                  Peer* second) {
    *first = co_await group.connect(paused);
    first->pauseReading();
    *second = co_await group.connect(other);
}

asio::awaitable<void> expectRestInOrder(Peer peer, int from) {
    for (int i = from; i < count; ++i) {
        const MessagePtr signal = co_await peer.receive(patience);
        EXPECT_TRUE(signal != nullptr && signal->body.view().starts_with(std::to_string(i) + '.'));
        if (signal == nullptr) co_return;
    }
}

asio::awaitable<void> drain(Peer peer, int* received) {
    for (;;) {
        const MessagePtr signal = co_await peer.receive(100ms);
        if (signal == nullptr) co_return;
        ++*received;
    }
}

TEST(FlowsPause, StopsOneChannelAndNoOther) {
    std::atomic<int> sent = 0;
    FlowsPair pair([&sent](Peer peer) { return flood(std::move(peer), &sent); }, localTcp(), {},
                   Options{.sendQueueMessages = 4, .sendBufferBytes = 4096},
                   Options{.receiveBufferBytes = 4096});
    FlowsPair other(echo);
    const flows::PeerGroup group(pair.clientReactor);
    Peer paused;
    Peer second;
    pair.onClient(connectBoth(group, pair.address, other.address, &paused, &second));
    pair.onClient(expectEcho(second));
    int received = 0;
    pair.onClient(drain(paused, &received));  // what had arrived
    EXPECT_EQ(paused.info().readMode, ReadMode::Paused);
    EXPECT_LT(sent, count);
    pair.onClient(expectEcho(second));
    paused.resumeReading();
    pair.onClient(expectRestInOrder(paused, received));
    EXPECT_EQ(paused.info().readMode, ReadMode::Normal);
}

asio::awaitable<void> closeIt(Peer peer) {
    const MessagePtr farewell = co_await peer.close();
    EXPECT_NE(farewell, nullptr);
}

TEST(FlowsPause, EndsWithClose) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    peer.pauseReading();
    pair.onClient(closeIt(peer));
}

}  // namespace
}  // namespace tempeh::test
