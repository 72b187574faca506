// What seeds of the simulation found, each as small as it goes.

#include <tempeh/flows.hpp>
#include <tempeh/tempeh.hpp>
#include <tempeh/testing.hpp>

#include <gtest/gtest.h>

#include <string>

namespace tempeh::testing {
namespace {

using namespace std::chrono_literals;

/// A channel whose connect is never answered: nothing leaves its queue.
class Unconnected : public ::testing::Test {
protected:
    void open(const Options& options) {
        engine_ = &network_.createEngine("a", options);
        network_.createEngine("b");
        group_ = engine_->createGroup();
        MessagePtr hello = engine_->get();
        TcpClientAddress{"b", 1}.format(*hello);
        channel_ = group_.post(std::move(hello)).channelNumber;
        network_.runFor(1ms);
    }
    bool post(OpCode opCode, std::size_t size) {
        MessagePtr message = engine_->get();
        message->header.opCode = opCode;
        message->header.channelNumber = channel_;
        message->body.append(std::string(size, 'x'));
        error_code ec;
        group_.post(std::move(message), ec);
        network_.runFor(1ms);
        return !ec;
    }
    bool hasRoom() {
        bool result = false;
        group_.waitWritable(channel_, 0s, [&](error_code, bool writable) { result = writable; });
        network_.runFor(1ms);
        return result;
    }

    SimulatedNetwork network_{SimulationOptions{.seed = 1, .blackHoles = 1}};
    Ampe* engine_ = nullptr;
    ChannelGroup group_;
    ChannelNumber channel_ = 0;
};

// Else whoever posts until SendQueueFull and waits for room then does both for ever and never sleeps.
TEST_F(Unconnected, WhoIsToldOfRoomFindsItHoweverLongTheMessage) {
    open(Options{.sendQueueBytes = 50'000});
    EXPECT_TRUE(post(OpCode::Request, 20'000));
    EXPECT_TRUE(hasRoom());
    EXPECT_TRUE(post(OpCode::Request, 60'000));
    EXPECT_FALSE(hasRoom());
    EXPECT_FALSE(post(OpCode::Request, 10));
}

TEST_F(Unconnected, WhatIsPostedBehindAByeTakesRoomAwayFromWaitWritableToo) {
    open(Options{.sendQueueMessages = 8});
    EXPECT_TRUE(post(OpCode::ByeRequest, 0));
    EXPECT_TRUE(hasRoom());
    int posted = 0;
    while (posted < 100 && post(OpCode::Request, 10))
        ++posted;
    EXPECT_EQ(posted, 6);  // beside the hello and the bye
    EXPECT_FALSE(hasRoom());
}

asio::awaitable<void> welcomeAll(ChannelGroup& group) {
    for (;;) {
        MessagePtr message = co_await group.waitReceive();
        if (message->isFromEngine() || message->header.opCode != OpCode::HelloRequest) continue;
        message->header.opCode = OpCode::HelloResponse;
        group.post(std::move(message));
    }
}

// Every hello that waits for its answer is a message of the pool, and so is the answer.
TEST(MoreHellosThanThePoolHas, AreAnsweredAllTheSame) {
    constexpr int hellos = 40;
    SimulatedNetwork network(SimulationOptions{.seed = 1});
    Ampe& server = network.createEngine("a");
    Ampe& client = network.createEngine("b", Options{.initialPoolMessages = 0, .maxPoolMessages = 8});
    ChannelGroup serving = server.createGroup();
    MessagePtr welcome = server.get();
    TcpServerAddress{"", 7099}.format(*welcome);
    serving.post(std::move(welcome));
    network.spawn("a", welcomeAll(serving));
    ChannelGroup asking = client.createGroup();
    for (int i = 0; i < hellos; ++i) {
        MessagePtr hello = client.get();
        TcpClientAddress{"a", 7099}.format(*hello);
        asking.post(std::move(hello));
    }
    int answers = 0;
    for (int i = 0; i < 200; ++i) {
        network.runFor(100ms);
        while (const MessagePtr message = asking.tryReceive())
            if (message->header.opCode == OpCode::HelloResponse && !message->isFromEngine()) ++answers;
    }
    EXPECT_EQ(answers, hellos);
}

asio::awaitable<void> readLate(flows::Peer peer, SimulatedNetwork& network, std::string& read) {
    co_await network.sleep(1s);
    MessagePtr first = co_await peer.receive();
    flows::StreamReader reader(peer, std::move(first));
    read = co_await reader.readAll(1'000'000);
}

asio::awaitable<void> writeAndGo(Ampe& engine) {
    flows::Peer peer = co_await flows::connect(engine, "tcp|b|7099");
    flows::StreamWriter writer(peer, OpCode::Signal, {.partBytes = 10, .windowParts = 0});
    co_await writer.write("three parts of a stream");
    co_await writer.finish();
    co_await peer.close();
}

// Its parts came out of receive() one by one, as if each were a request.
TEST(StreamOfAChannelThatEnded, IsStillRead) {
    SimulatedNetwork network(SimulationOptions{.seed = 1});
    Ampe& client = network.createEngine("a");
    Ampe& engine = network.createEngine("b");
    flows::Server server(engine, {TcpServerAddress{"", 7099}});
    std::string read;
    network.spawn("b", server.serve([&](flows::Peer peer) { return readLate(peer, network, read); }));
    network.spawn("a", writeAndGo(client));
    network.runFor(10s);
    EXPECT_EQ(read, "three parts of a stream");
}

}  // namespace
}  // namespace tempeh::testing
