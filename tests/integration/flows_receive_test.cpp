// What receive() of a peer gives when others take from the same inbox.

#include "support/flows_fixture.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <future>

namespace tempeh::test {
namespace {

using flows::Peer;

MessagePtr partOfAStream(const Peer& peer, bool hasMore) {
    MessagePtr part = peer.newMessage(OpCode::Signal, "part");
    part->header.messageId = 7;
    part->header.more = hasMore;
    return part;
}

/// Sends the second part when it is told to.
asio::awaitable<void> sendTwoParts(Peer peer) {
    MessagePtr part = partOfAStream(peer, true);
    co_await peer.send(std::move(part));
    (void)co_await peer.receive();
    part = partOfAStream(peer, false);
    co_await peer.send(std::move(part));
    (void)co_await peer.receive();
}

/// A part wakes the receiver; before that runs, the reader of the part's stream takes it.
TEST(FlowsReceive, WaitsOnWhenWhatWokeItIsTakenBySomebodyElse) {
    FlowsPair pair(sendTwoParts);
    const Peer peer = pair.connect();
    MessagePtr first = peer.receive(patience, asio::use_future).get();
    ASSERT_NE(first, nullptr);
    asio::io_context context;
    auto received = asio::co_spawn(context, peer.receive(), asio::use_future);
    context.poll();
    peer.send(peer.newMessage(OpCode::Signal, "go on"), asio::use_future).get();
    ASSERT_TRUE(eventually([&] { return peer.counters().waiting == 1; }));
    flows::StreamReader reader(peer, std::move(first));
    ASSERT_EQ(reader.readAll(100, asio::use_future).get(), "partpart");
    context.restart();
    context.poll();
    EXPECT_EQ(received.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    peer.abort();
    context.restart();
    context.run();
    EXPECT_THROW(received.get(), Error);
}

}  // namespace
}  // namespace tempeh::test
