// Progress signals on their way to a requester on another thread, coroutine or plain; and more of them than
// it can look at in time.

#include "support/flows_fixture.hpp"
#include "support/scale.hpp"

#include <atomic>
#include <thread>

namespace tempeh::test {
namespace {

using flows::BlockingPeer;
using flows::Peer;

constexpr int signals = isSanitized ? 300 : 2000;
constexpr int requests = isSanitized ? 20 : 50;

asio::awaitable<void> tellMuch(Peer peer) {
    for (;;) {
        MessagePtr request = co_await peer.receive();
        if (request->header.opCode != OpCode::Request) continue;
        for (int i = 0; i < signals; ++i) {
            MessagePtr signal = peer.newMessage(OpCode::Signal);
            signal->header.messageId = request->header.messageId;
            co_await peer.send(std::move(signal));
        }
        co_await peer.respond(std::move(request));
    }
}

asio::awaitable<void> countProgress(Peer peer) {
    for (int i = 0; i < requests; ++i) {
        int seen = 0;
        const flows::SignalHandler count = [&seen](const Message&) { ++seen; };
        const MessagePtr answer = co_await peer.request(peer.newMessage(), patience, count);
        EXPECT_NE(answer, nullptr);
        EXPECT_EQ(seen, signals);
    }
}

TEST(FlowsProgress, ComesWholeToACoroutineOnAnotherThread) {
    FlowsPair pair(tellMuch);
    const Peer peer = pair.connect();
    asio::io_context other;
    Running counting(other.get_executor(), countProgress(peer));
    std::thread thread([&other] { other.run(); });
    counting.join();
    thread.join();
}

TEST(FlowsProgress, ComesWholeToAThread) {
    FlowsPair pair(tellMuch);
    const BlockingPeer peer(pair.connect());
    for (int i = 0; i < requests; ++i) {
        int seen = 0;
        const MessagePtr answer =
            peer.request(peer.newMessage(), patience, [&seen](const Message&) { ++seen; });
        EXPECT_NE(answer, nullptr);
        EXPECT_EQ(seen, signals);
    }
}

/// For ever, and never an answer.
asio::awaitable<void> tellForEver(Peer peer) {
    const MessagePtr request = co_await peer.receive();
    for (;;) {
        MessagePtr signal = peer.newMessage(OpCode::Signal);
        signal->header.messageId = request->header.messageId;
        co_await peer.send(std::move(signal));
    }
}

/// Slower than the signals come, so that there is always one to look at.
void lookAtIt(const Message& /*signal*/) {
    std::this_thread::sleep_for(2ms);
}

TEST(FlowsProgress, PutsNoTimeoutOfAThreadOff) {
    FlowsPair pair(tellForEver);
    const BlockingPeer peer(pair.connect());
    EXPECT_EQ(peer.request(peer.newMessage(), 50ms, lookAtIt), nullptr);
    EXPECT_EQ(peer.counters().timedOut, 1U);
    peer.abort();
}

asio::awaitable<void> expectTimeout(Peer peer) {
    const flows::SignalHandler look = lookAtIt;
    const MessagePtr none = co_await peer.request(peer.newMessage(), 50ms, look);
    EXPECT_EQ(none, nullptr);
    EXPECT_EQ(peer.counters().timedOut, 1U);
    peer.abort();
}

TEST(FlowsProgress, PutsNoTimeoutOfACoroutineOff) {
    FlowsPair pair(tellForEver);
    const Peer peer = pair.connect();
    asio::io_context other;
    Running expecting(other.get_executor(), expectTimeout(peer));
    std::thread thread([&other] { other.run(); });
    expecting.join();
    thread.join();
}

}  // namespace
}  // namespace tempeh::test
