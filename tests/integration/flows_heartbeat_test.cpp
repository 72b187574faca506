// Heartbeat: keeps a channel alive, finds out that the other side is silent, and is not fooled by a busy one.
// And trace contexts, which go from hop to hop.

#include "support/flows_fixture.hpp"
#include "support/raw_server.hpp"

#include <atomic>
#include <string_view>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

using flows::Heartbeat;
using flows::Peer;

asio::awaitable<void> beat(Peer peer) {
    const Heartbeat heartbeat(peer, {.interval = 1ms, .silence = 0s});
    while (heartbeat.counters().sent < 20)
        co_await peer.sleep(1ms);
    const MessagePtr nothing = co_await peer.receive(0s);
    EXPECT_EQ(nothing, nullptr) << "a pong came out of receive()";
    while (peer.counters().received < 10)
        co_await peer.sleep(1ms);
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "x"), patience);
    EXPECT_EQ(answer->body.view(), "x");
}

/// Fails when anything but a request comes out of receive().
asio::awaitable<void> answerRequestsAlone(Peer peer) {
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode == OpCode::ByeRequest) co_return;
        EXPECT_EQ(message->header.opCode, OpCode::Request) << dump(*message);
        co_await peer.respond(std::move(message));
    }
}

TEST(FlowsHeartbeat, IsAnsweredByThePeerItselfAndSeenByNobody) {
    FlowsPair pair(answerRequestsAlone);
    pair.onClient(beat(pair.connect()));
}

asio::awaitable<void> watchAQuietPeer(Peer peer) {
    const auto never = [](const Peer&) { ADD_FAILURE() << "the other side answers"; };
    const Heartbeat heartbeat(peer, {.interval = 2ms, .silence = 10s}, never);
    while (heartbeat.counters().sent < 30)
        co_await peer.sleep(1ms);
    EXPECT_EQ(heartbeat.counters().silences, 0U);
    EXPECT_TRUE(peer.isOpen());
}

TEST(FlowsHeartbeat, IsContentWithAPeerThatHasNothingToSay) {
    FlowsPair pair(answerRequestsAlone);
    pair.onClient(watchAQuietPeer(pair.connect()));
}

asio::awaitable<void> expectAbort(Ampe& engine, std::uint16_t port) {
    const Address address = TcpClientAddress{"127.0.0.1", port};
    const Peer peer = co_await flows::connect(engine, address);
    const Heartbeat heartbeat(peer, {.interval = 5ms, .silence = 20ms});
    const error_code ec = co_await codeOf(peer.receive(patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
    EXPECT_EQ(heartbeat.counters().silences, 1U);
    EXPECT_GT(heartbeat.counters().sent, 0U);
}

/// As flows say hello: pings are answered.
constexpr std::string_view answered = "heartbeat:server-answers\r\n";

TEST(FlowsHeartbeat, AbortsASilentPeer) {
    Reactor client;
    RawServer silent;
    Running waiting(client.executor(), expectAbort(client, silent.port()));
    RawPeer peer = silent.accept();
    peer.acceptHello(answered);
    waiting.join();
}

/// Nobody of tofu's answers, or says that it does.
asio::awaitable<void> expectNoQuestion(Ampe& engine, std::uint16_t port) {
    const Address address = TcpClientAddress{"127.0.0.1", port};
    const Peer peer = co_await flows::connect(engine, address);
    const Heartbeat heartbeat(peer, {.interval = 1ms, .silence = 4ms});
    const MessagePtr request = co_await peer.receive(patience);
    EXPECT_EQ(request->header.messageId, 77U);
    EXPECT_TRUE(peer.isOpen());
    EXPECT_EQ(heartbeat.counters().sent, 0U);
    EXPECT_EQ(heartbeat.counters().silences, 0U);
    EXPECT_FALSE(heartbeat.counters().isAnswered);
}

TEST(FlowsHeartbeat, AsksNobodyWhoDidNotSayThatItAnswers) {
    Reactor client;
    RawServer quiet;
    Running waiting(client.executor(), expectNoQuestion(client, quiet.port()));
    RawPeer peer = quiet.accept();
    peer.acceptHello();
    std::this_thread::sleep_for(20ms);  // quiet for longer than a peer may be that answers
    peer.write({.channelNumber = 1, .opCode = OpCode::Request, .messageId = 77});
    waiting.join();
}

/// Its engine's pool is all in the receiver's hands, so nothing is read, for many times the silence.
asio::awaitable<void> hoardAndWatch(Peer peer, std::atomic<bool>* isEnough) {
    std::vector<MessagePtr> hoard;
    while (!peer.info().isReadingPaused) {
        MessagePtr message = co_await peer.receive(1ms);
        if (message != nullptr) hoard.push_back(std::move(message));
    }
    {
        const auto never = [](const Peer&) { ADD_FAILURE() << "nobody listened"; };
        const Heartbeat heartbeat(peer, {.interval = 2ms, .silence = 10ms}, never);
        while (heartbeat.counters().sent < 30)
            co_await peer.sleep(1ms);
        EXPECT_EQ(heartbeat.counters().silences, 0U);
    }
    *isEnough = true;
    hoard.clear();
    for (;;)
        co_await peer.receive();
}

asio::awaitable<void> tellUntil(Peer peer, std::atomic<bool>* isEnough) {
    while (!*isEnough) {
        const bool isSent = co_await peer.send(peer.newMessage(OpCode::Signal, "much"), 1ms);
        (void)isSent;
    }
}

TEST(FlowsHeartbeat, BlamesNobodyForWhatThisSideDoesNotRead) {
    std::atomic<bool> isEnough{false};
    const flows::Handler handler = [&isEnough](Peer peer) {
        return hoardAndWatch(std::move(peer), &isEnough);
    };
    FlowsPair pair(handler, localTcp(), {}, {.initialPoolMessages = 1, .maxPoolMessages = 64});
    pair.onClient(tellUntil(pair.connect(), &isEnough));
    EXPECT_TRUE(isEnough);
}

asio::awaitable<void> watchWhileStandingStill(Peer peer, std::atomic<bool>* hasStood) {
    const auto never = [](const Peer&) { ADD_FAILURE() << "its pong was there to be read"; };
    const Heartbeat heartbeat(peer, {.interval = 10ms, .silence = 500ms}, never);
    while (!*hasStood)
        co_await peer.sleep(1ms);
    const std::uint64_t received = peer.counters().received;
    while (peer.counters().received < received + 10)
        co_await peer.sleep(1ms);
    EXPECT_EQ(heartbeat.counters().silences, 0U);
}

/// As after SIGSTOP, or a night with the lid closed: all that came meanwhile is still to be read.
TEST(FlowsHeartbeat, BlamesNobodyForTheTimeInWhichThisSideStoodStill) {
    FlowsPair pair(answerRequestsAlone);
    std::atomic<bool> hasStood{false};
    Running watching(pair.clientReactor.executor(), watchWhileStandingStill(pair.connect(), &hasStood));
    std::this_thread::sleep_for(20ms);  // the first pings are out
    asio::post(pair.clientReactor.executor(), [&hasStood] {
        std::this_thread::sleep_for(700ms);
        hasStood = true;
    });
    watching.join();
}

/// Silent, then heard, then silent again: told twice.
asio::awaitable<void> expectTwoSilences(Ampe& engine, std::uint16_t port, std::atomic<int>* told) {
    const Address address = TcpClientAddress{"127.0.0.1", port};
    const Peer peer = co_await flows::connect(engine, address);
    const auto tell = [told](const Peer&) { ++*told; };
    const Heartbeat heartbeat(peer, {.interval = 0s, .silence = 4ms}, tell);
    while (*told < 2)
        co_await peer.sleep(1ms);
    EXPECT_TRUE(peer.isOpen());
    EXPECT_EQ(heartbeat.counters().sent, 0U);
    EXPECT_EQ(heartbeat.counters().silences, 2U);
}

TEST(FlowsHeartbeat, TellsOfEverySilenceOnce) {
    Reactor client;
    RawServer server;
    std::atomic<int> told{0};
    Running watching(client.executor(), expectTwoSilences(client, server.port(), &told));
    RawPeer peer = server.accept();
    peer.acceptHello();
    ASSERT_TRUE(eventually([&] { return told == 1; }));
    peer.write({.channelNumber = 1, .opCode = OpCode::Signal, .messageId = 5});
    watching.join();
}

asio::awaitable<void> chatter(Peer peer) {
    for (int i = 0;; ++i) {
        co_await peer.send(peer.newMessage(OpCode::Signal, std::to_string(i)));
        co_await peer.sleep(1ms);
    }
}

asio::awaitable<void> listenToChatter(Peer peer) {
    const auto never = [](const Peer&) { ADD_FAILURE() << "it never stopped talking"; };
    const Heartbeat heartbeat(peer, {.interval = 0s, .silence = 5s}, never);
    for (int i = 0; i < 200; ++i) {
        const MessagePtr message = co_await peer.receive(patience);
        EXPECT_EQ(message->body.view(), std::to_string(i));
    }
    EXPECT_EQ(heartbeat.counters().silences, 0U);
}

TEST(FlowsHeartbeat, CountsAnyTrafficAsASignOfLife) {
    FlowsPair pair(chatter);
    pair.onClient(listenToChatter(pair.connect()));
}

TEST(FlowsHeartbeat, DoesNotKeepTheChannelOpen) {
    FlowsPair pair(answerRequestsAlone);
    Peer peer = pair.connect();
    const Heartbeat heartbeat(peer, {.interval = 5ms, .silence = 60s});
    peer = Peer();
    EXPECT_TRUE(eventually([&] { return pair.clientReactor.stats().groups == 0; }));
}

TEST(FlowsHeartbeat, DestroyedEndsAtOnce) {
    FlowsPair pair(answerRequestsAlone);
    {
        const Peer peer = pair.connect();
        Heartbeat heartbeat(peer, {.interval = 1h, .silence = 10h});
        ASSERT_TRUE(eventually([&] { return heartbeat.counters().sent == 1; }));
        heartbeat = Heartbeat(peer, {.interval = 1h});
    }
    EXPECT_TRUE(eventually([&] { return pair.clientReactor.stats().groups == 0; }));
}

/// Asks the next server on behalf of a client.
asio::awaitable<void> passOn(Peer peer, Ampe* engine, Address next) {
    MessagePtr request = co_await peer.receive();
    const Peer backend = co_await flows::connect(*engine, next);
    const Peer traced = backend.traced(*request);
    MessagePtr answer = co_await traced.request(traced.newMessage(OpCode::Request, "sub-request"), patience);
    co_await traced.send(traced.newMessage(OpCode::Signal, "note"));
    const std::string seen(answer->body.view());
    co_await peer.respond(std::move(request), seen);
    co_await echo(peer);
}

asio::awaitable<void> tellTrace(Peer peer) {
    MessagePtr request = co_await peer.receive();
    const std::string trace =
        valueOf(*request, flows::traceparentHeader) + "/" + valueOf(*request, flows::tracestateHeader);
    co_await peer.respond(std::move(request), trace);
    const MessagePtr note = co_await peer.receive();
    EXPECT_EQ(valueOf(*note, flows::traceparentHeader) + "/" + valueOf(*note, flows::tracestateHeader),
              trace);
    co_await echo(peer);
}

asio::awaitable<void> followATrace(Peer peer) {
    const auto context =
        *flows::TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "vendor=1");
    const Peer traced = peer.traced(context);
    EXPECT_EQ(traced, peer);
    const MessagePtr answer = co_await traced.request(traced.newMessage(), patience);
    const std::string seen(answer->body.view());
    EXPECT_EQ(seen.substr(0, 36), "00-4bf92f3577b34da6a3ce929d0e0e4736-");
    EXPECT_EQ(seen.find("00f067aa0ba902b7"), std::string::npos) << "the hop has an id of its own";
    EXPECT_EQ(seen.substr(seen.size() - 12), "-01/vendor=1") << seen;
}

TEST(FlowsTrace, GoesFromHopToHop) {
    FlowsPair backend(tellTrace);
    const flows::Handler handler = [&](Peer peer) {
        return passOn(std::move(peer), &backend.clientReactor, backend.address);
    };
    FlowsPair front(handler);
    front.onClient(followATrace(front.connect()));
}

asio::awaitable<void> sendUntraced(Peer peer) {
    const MessagePtr plain = peer.newMessage();
    const Peer same = peer.traced(*plain);
    const MessagePtr answer = co_await same.request(same.newMessage(), patience);
    EXPECT_EQ(answer->body.view(), "(none)/(none)");
}

TEST(FlowsTrace, IsNotInvented) {
    FlowsPair pair(tellTrace);
    pair.onClient(sendUntraced(pair.connect()));
}

}  // namespace
}  // namespace tempeh::test
