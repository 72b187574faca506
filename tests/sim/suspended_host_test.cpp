// A process that is stopped for a while, as by SIGSTOP.

#include <tempeh/tempeh.hpp>
#include <tempeh/testing.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace tempeh::test {
namespace {

using namespace std::chrono_literals;
using testing::SimulatedNetwork;

asio::awaitable<void> tick(SimulatedNetwork& network, std::vector<TimePoint>& ticks) {
    while (ticks.size() < 4) {
        co_await network.sleep(1s);
        ticks.push_back(network.now());
    }
}

TEST(SuspendedHost, DoesNothingUntilItIsResumed) {
    SimulatedNetwork network({.seed = 1});
    network.createEngine("a");
    std::vector<TimePoint> ticks;
    network.spawn("a", tick(network, ticks));
    network.runFor(3500ms);
    EXPECT_EQ(ticks.size(), 3U);
    network.suspend("a");
    network.runFor(10s);
    EXPECT_EQ(ticks.size(), 3U);
    network.resume("a");
    const TimePoint resumed = network.now();
    network.runFor(500ms);
    ASSERT_EQ(ticks.size(), 4U);
    EXPECT_EQ(ticks.back(), resumed);
    network.suspend("a");
    network.crash("a");
    network.runFor(1s);
}

}  // namespace
}  // namespace tempeh::test
