// How fast a ReconnectingPeer comes back, and what the log says of clients that nobody answers; in virtual
// time.

#include "support/log_lines.hpp"

#include <tempeh/flows.hpp>
#include <tempeh/testing.hpp>

#include <gtest/gtest.h>

namespace tempeh::testing {
namespace {

using namespace std::chrono_literals;

/// Without what would make the number of connections a matter of chance.
constexpr SimulationOptions calm{.seed = 1, .stalls = 0};

std::uint64_t connectsInAMinute(const flows::Handler& handler) {
    SimulatedNetwork network(calm);
    Ampe& alice = network.createEngine("alice");
    Ampe& bob = network.createEngine("bob");
    flows::Server server(alice, {TcpServerAddress{"", 7000}});
    network.spawn("alice", server.serve(handler));
    const flows::ReconnectingPeer link(bob, TcpClientAddress{"alice", 7000}, {.backoff = {.jitter = 0}});
    network.runFor(60s);
    return link.counters().connects;
}

TEST(LinkPace, SlowsDownWhenTheServerClosesAtOnce) {
    const std::uint64_t connects = connectsInAMinute([](flows::Peer) -> asio::awaitable<void> { co_return; });
    EXPECT_GE(connects, 10U);
    EXPECT_LE(connects, 25U) << "50 ms, 100 ms, ... 5 s";
}

TEST(LinkPace, BeginsAnewAfterAConnectionThatLasted) {
    const std::uint64_t connects =
        connectsInAMinute([](flows::Peer peer) -> asio::awaitable<void> { co_await peer.sleep(2s); });
    EXPECT_GE(connects, 27U) << "a pause of 50 ms after 2 s each";
}

/// A listener whose group is not received from, and clients that wait that long for an answer to their hello.
std::size_t warningsAfterWaiting(Duration patience, int clients) {
    test::LogLines log;
    SimulatedNetwork network(calm);
    Ampe& alice = network.createEngine("alice", {.logger = log.logger()});
    Ampe& bob = network.createEngine("bob");
    flows::Server server(alice, {TcpServerAddress{"", 7000}});  // serve() is never called
    const auto knock = [](Ampe& engine, Duration timeout) -> asio::awaitable<void> {
        const Address address = TcpClientAddress{"alice", 7000};
        try {
            co_await flows::connect(engine, address, {.timeout = timeout});
        } catch (const Error&) {
            co_return;
        }
        ADD_FAILURE() << "let in";
    };
    for (int i = 0; i < clients; ++i)
        network.spawn("bob", knock(bob, patience));
    network.runFor(60s);
    return log.warningsWith("without an answer to its hello");
}

TEST(UnansweredHello, IsWarnedOfOnce) {
    EXPECT_EQ(warningsAfterWaiting(20s, 1), 1U);
    EXPECT_EQ(warningsAfterWaiting(20s, 10), 1U);
}

TEST(UnansweredHello, OfAClientThatDoesNotWaitIsNoMatter) {
    EXPECT_EQ(warningsAfterWaiting(100ms, 10), 0U);
}

}  // namespace
}  // namespace tempeh::testing
