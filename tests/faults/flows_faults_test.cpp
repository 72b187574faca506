// Every allocation of a conversation through flows fails in its turn, on whichever side it happens.

#include "faults/campaign.hpp"
#include "faults/flows_scene.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <chrono>

namespace tempeh::faults {
namespace {

using namespace std::chrono_literals;

constexpr Kind everyAllocation[] = {Kind::Allocation};
constexpr Duration answerTime = 2s;  // a lost answer costs no more

void endureConversation(const std::string& name, const std::function<std::string(FlowsScene&)>& scenario) {
    const Spared spared;
    FlowsScene scene;
    EXPECT_EQ(scenario(scene), "");  // everything is made that stays
    const Tally tally = campaign(name, everyAllocation, [&] { return scenario(scene); });
    EXPECT_EQ(tally.wrong, "");
    EXPECT_GT(tally.injected, 0U);
    std::printf("%s: %llu faults\n", name.c_str(), static_cast<unsigned long long>(tally.injected));
}

asio::awaitable<void> ask(Ampe& engine, Address server) {
    flows::Peer peer = co_await flows::connect(engine, server, {.timeout = answerTime});
    for (int i = 0; i < 3; ++i) {
        MessagePtr request = peer.newMessage(OpCode::Request, "hello");
        co_await peer.request(std::move(request), answerTime);
    }
    co_await peer.close();
}

/// Ends with its peer.
asio::awaitable<void> waitInVain(flows::Peer peer) {
    try {
        MessagePtr request = peer.newMessage(OpCode::Request, "no");
        co_await peer.request(std::move(request), answerTime);
    } catch (const std::exception&) {
        co_return;
    }
}

asio::awaitable<void> askManyAtOnce(Ampe& engine, Address server) {
    flows::Peer peer = co_await flows::connect(engine, server, {.timeout = answerTime});
    const auto executor = co_await asio::this_coro::executor;
    {
        const Spared spared;  // Asio ends the process when beginning a coroutine finds no memory
        for (int i = 0; i < 20; ++i)
            asio::co_spawn(executor, waitInVain(peer), asio::detached);
    }
    MessagePtr request = peer.newMessage(OpCode::Request, "hello");
    co_await peer.request(std::move(request), answerTime);
    co_await peer.receive(1ms);
    peer.abort();
}

asio::awaitable<void> stream(Ampe& engine, Address server) {
    flows::Peer peer = co_await flows::connect(engine, server, {.timeout = answerTime});
    flows::StreamWriter writer(peer);
    const std::string bytes(150'000, 'x');
    co_await writer.write(bytes);
    co_await writer.finish();
    flows::StreamReader answer = co_await writer.answerStream(answerTime);
    if (answer) co_await answer.readAll(1'000'000);
    co_await peer.close();
}

asio::awaitable<void> keepAlive(Ampe& engine, Address server) {
    flows::Peer peer = co_await flows::connect(engine, server, {.timeout = answerTime});
    const flows::Heartbeat heartbeat(peer, {.interval = 1ms, .silence = 1h});
    co_await peer.sleep(5ms);
    co_await peer.close();
}

asio::awaitable<void> reconnect(Ampe& engine, Address server) {
    const flows::ReconnectingPeer link(engine, server, {.attemptTimeout = answerTime});
    MessagePtr request = link.newMessage(OpCode::Request, "hello");
    co_await link.request(std::move(request), answerTime);
    MessagePtr signal = link.newMessage(OpCode::Signal, "news");
    co_await link.send(std::move(signal));
    co_await link.close();
}

void askOnThread(Ampe& engine, const Address& server) {
    const flows::BlockingPeer peer = flows::connectBlocking(engine, server, {.timeout = answerTime});
    for (int i = 0; i < 3; ++i)
        peer.request(peer.newMessage(OpCode::Request, "hello"), answerTime, [](const Message&) {});
    peer.send(peer.newMessage(OpCode::Signal, "news"));
    peer.receive(1ms);
    peer.close();
}

TEST(FlowFaults, Requests) {
    endureConversation("requests", [](FlowsScene& scene) { return scene.beside(ask); });
}
TEST(FlowFaults, RequestsOnAnotherContext) {
    endureConversation("requests elsewhere", [](FlowsScene& scene) { return scene.elsewhere(ask); });
}
TEST(FlowFaults, ManyRequestsAtOnce) {
    endureConversation("many requests", [](FlowsScene& scene) { return scene.beside(askManyAtOnce); });
}
TEST(FlowFaults, ManyRequestsAtOnceOnAnotherContext) {
    endureConversation("many requests elsewhere",
                       [](FlowsScene& scene) { return scene.elsewhere(askManyAtOnce); });
}
TEST(FlowFaults, Streams) {
    endureConversation("streams", [](FlowsScene& scene) { return scene.elsewhere(stream); });
}
TEST(FlowFaults, Heartbeats) {
    endureConversation("heartbeats", [](FlowsScene& scene) { return scene.elsewhere(keepAlive); });
}
TEST(FlowFaults, Reconnecting) {
    endureConversation("reconnecting", [](FlowsScene& scene) { return scene.elsewhere(reconnect); });
}
TEST(FlowFaults, Threads) {
    endureConversation("threads", [](FlowsScene& scene) { return scene.onThread(askOnThread); });
}

}  // namespace
}  // namespace tempeh::faults
