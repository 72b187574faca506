#include <tempeh/flows.hpp>
#include <tempeh/tempeh.hpp>
#include <tempeh/testing.hpp>

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <string>

namespace tempeh::testing {
namespace {

using namespace std::chrono_literals;

asio::awaitable<void> serve(ChannelGroup& group) {
    for (;;) {
        MessagePtr message = co_await group.waitReceive();
        if (message->isFromEngine()) continue;
        if (message->header.opCode == OpCode::HelloRequest)
            message->header.opCode = OpCode::HelloResponse;
        else if (message->header.opCode == OpCode::Request)
            message->header.opCode = OpCode::Response;
        else
            continue;
        group.post(std::move(message));
    }
}

asio::awaitable<void> ask(ChannelGroup& group, const Address address, int count, int& answers) {
    MessagePtr hello(new Message());
    format(address, *hello);
    const BinaryHeader header = group.post(std::move(hello));
    for (int i = 0; i < count; ++i) {
        MessagePtr request(new Message());
        request->header.opCode = OpCode::Request;
        request->header.channelNumber = header.channelNumber;
        request->body.append(std::string(static_cast<std::size_t>(i * 100), 'x'));
        group.post(std::move(request));
    }
    while (answers < count) {
        const MessagePtr message = co_await group.waitReceive();
        if (message->header.opCode == OpCode::Response) ++answers;
        if (message->isChannelClosed()) co_return;
    }
    MessagePtr bye(new Message());
    bye->header.opCode = OpCode::ByeRequest;
    bye->header.channelNumber = header.channelNumber;
    group.post(std::move(bye));
    for (;;)
        if (const MessagePtr message = co_await group.waitReceive(); message->isChannelClosed()) co_return;
}

struct Outcome {
    std::uint64_t hash;
    int answers;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome runOnce(const SimulationOptions& options, const Address& server, const Address& client) {
    SimulatedNetwork network(options);
    Ampe& alice = network.createEngine("alice");
    Ampe& bob = network.createEngine("bob");
    ChannelGroup serving = alice.createGroup();
    ChannelGroup asking = bob.createGroup();
    MessagePtr welcome = alice.get();
    format(server, *welcome);
    serving.post(std::move(welcome));
    network.spawn("alice", serve(serving));
    int answers = 0;
    network.spawn("bob", ask(asking, client, 50, answers));
    network.run();
    return {network.traceHash(), answers};
}

TEST(SimulatedNetwork, CarriesRequestsOverTcpAndUnixSockets) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const SimulationOptions options{.seed = seed};
        EXPECT_EQ(runOnce(options, TcpServerAddress{"", 7000}, TcpClientAddress{"alice", 7000}).answers, 50);
        EXPECT_EQ(runOnce(options, UdsServerAddress{"/a", {}}, UdsClientAddress{"/a"}).answers, 50);
    }
}

TEST(SimulatedNetwork, TheSameSeedIsTheSameRun) {
    const Address server = TcpServerAddress{"", 7000};
    const Address client = TcpClientAddress{"alice", 7000};
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const SimulationOptions options = SimulationOptions::faulty(seed);
        const Outcome first = runOnce(options, server, client);
        EXPECT_EQ(first, runOnce(options, server, client)) << "seed " << seed;
        EXPECT_NE(first.hash, runOnce(SimulationOptions::faulty(seed + 1000), server, client).hash);
    }
}

std::string complaintAbout(const SimulationOptions& options) {
    try {
        const SimulatedNetwork network(options);
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), Status::InvalidOption);
        return std::string(error.detail());
    }
    return {};
}

TEST(SimulatedNetwork, RefusesOptionsOutOfTheirRange) {
    EXPECT_EQ(complaintAbout({.minLatency = -1ms}),
              "SimulationOptions::minLatency = -1 ms, must be 0 or more");
    EXPECT_EQ(complaintAbout({.minBufferBytes = 0}),
              "SimulationOptions::minBufferBytes = 0, must be 1 or more");
    EXPECT_EQ(complaintAbout({.resets = 1.5}), "SimulationOptions::resets = 1.5, must be 0 to 1");
    EXPECT_EQ(complaintAbout({.maxSteps = 0}), "SimulationOptions::maxSteps = 0, must be 1 or more");
    EXPECT_EQ(complaintAbout({.maxLatency = 0ms}), "") << "the least latency follows";
    EXPECT_EQ(complaintAbout({.minBufferBytes = 64, .maxBufferBytes = 8}), "");
}

}  // namespace
}  // namespace tempeh::testing
