// The same seed is the same run: in one process whatever ran before, and in any other.

#include "sim/command_line.hpp"

#include <tempeh/flows.hpp>
#include <tempeh/tempeh.hpp>
#include <tempeh/testing.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace tempeh::test {
namespace {

using namespace std::chrono_literals;
using testing::SimulatedNetwork;

/// Some of each workload.
constexpr std::uint64_t seeds = 24;

/// Ids, numbers and memory of this process are others from here on.
void disturbTheProcess() {
    static std::vector<std::unique_ptr<char[]>> kept;
    for (std::size_t size = 1; size < 5000; size += 37)
        kept.push_back(std::make_unique<char[]>(size));
    Reactor engine;
    std::vector<flows::Server> servers;
    for (int i = 0; i < 5; ++i)  // with a hub each
        servers.emplace_back(engine, std::vector<Address>{UdsServerAddress{}});
}

TEST(TheSameSeed, IsTheSameRunWhateverRanBefore) {
    const std::string first = traceHashes(1, seeds);
    disturbTheProcess();
    EXPECT_EQ(traceHashes(1, seeds), first);
}

std::string outputOf(const std::string& command) {
    std::string output;
    const auto close = [](std::FILE* pipe) { pclose(pipe); };
    const std::unique_ptr<std::FILE, decltype(close)> pipe(popen(command.c_str(), "r"), close);
    if (pipe == nullptr) return "popen failed";
    std::array<char, 4096> part{};
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe.get()))
        output.append(part.data(), size);
    return output;
}

// With addresses of its own, where the system spreads them.
TEST(TheSameSeed, IsTheSameRunInAnotherProcess) {
    std::array<char, 4096> path{};
    ASSERT_GT(readlink("/proc/self/exe", path.data(), path.size() - 1), 0);
    const std::string command =
        "'" + std::string(path.data()) + "' --hashes --seeds " + std::to_string(seeds);
    const std::string here = traceHashes(1, seeds);
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(outputOf(command), here);
}

asio::awaitable<void> serveNobody(flows::Peer peer) {
    for (;;)
        co_await peer.receive();
}

asio::awaitable<void> askOnce(flows::Peer peer, int number, std::string& order) {
    try {
        co_await peer.request(peer.newMessage());
    } catch (const Error&) {
        order += std::to_string(number);
    }
}

asio::awaitable<void> askAndCrash(SimulatedNetwork& network, Ampe& engine, std::string& order) {
    const flows::Peer peer = co_await flows::connect(engine, "tcp|server|7099");
    for (int i = 0; i < 9; ++i)
        network.spawn("client", askOnce(peer, i, order));
    co_await network.sleep(1s);
    network.crash("server");
}

TEST(RequestsInFlight, FailInTheOrderInWhichTheyWereMade) {
    for (int i = 0; i < 3; ++i) {
        std::string order;
        SimulatedNetwork network({.seed = 7});
        Ampe& engine = network.createEngine("server");
        Ampe& client = network.createEngine("client");
        flows::Server server(engine, {TcpServerAddress{"", 7099}});
        network.spawn("server", server.serve(serveNobody));
        network.spawn("client", askAndCrash(network, client, order));
        network.runFor(10s);
        EXPECT_EQ(order, "012345678");
    }
}

TEST(TraceContext, IsDrawnFromTheSeed) {
    const auto begun = [](std::uint64_t seed) {
        const SimulatedNetwork network({.seed = seed});
        return std::string(flows::TraceContext::begin().child().traceparent());
    };
    EXPECT_EQ(begun(1), begun(1));
    EXPECT_NE(begun(1), begun(2));
    EXPECT_NE(flows::TraceContext::begin(), flows::TraceContext::begin());
}

asio::awaitable<void> crossOnce(Ampe& engine, SimulatedNetwork& network, Duration& took) {
    const TimePoint start = network.now();
    co_await flows::connect(engine, "tcp|server|7099", {.timeout = 1h});
    took = network.now() - start;
}

TEST(Latency, MayBeOfAnyLength) {
    SimulatedNetwork network({.seed = 1,
                              .minLatency = 40s,
                              .maxLatency = 80s,
                              .shortWrites = 0,
                              .shortReads = 0,
                              .blockedWrites = 0,
                              .stalls = 0});
    const Options patient{.connectTimeout = 1h, .helloTimeout = 1h};
    Ampe& engine = network.createEngine("server", patient);
    Ampe& client = network.createEngine("client", patient);
    flows::Server server(engine, {TcpServerAddress{"", 7099}});
    network.spawn("server", server.serve(serveNobody));
    Duration took{};
    network.spawn("client", crossOnce(client, network, took));
    network.runFor(1h);
    EXPECT_GE(took, 2 * 40s);
    EXPECT_LE(took, 5 * 80s);
}

}  // namespace
}  // namespace tempeh::test
