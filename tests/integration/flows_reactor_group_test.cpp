// A flows::Server on several engines.

#include "support/flows_fixture.hpp"

#include <tempeh/core/reactor_group.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::Server;
using flows::ServerOptions;

class FlowsReactorGroup : public testing::Test {
protected:
    ~FlowsReactorGroup() override { server.reset(); }  // then serve() ends

    /// Echoes; notes on which thread.
    flows::Handler echo() {
        return [this](Peer peer) -> asio::awaitable<void> {
            {
                const std::scoped_lock lock(mutex);
                ++handlersOf[std::this_thread::get_id()];
            }
            while (MessagePtr message = co_await peer.receive()) {
                message->header.opCode = OpCode::Response;
                co_await peer.send(std::move(message));
            }
        };
    }

    void start(ServerOptions options = {}) {
        server.emplace(reactors, std::vector<Address>{localTcp()}, std::move(options));
        address = server->addresses().front();
    }
    void serve(flows::Handler handler) {
        serving.emplace(reactors[0].executor(), server->serve(std::move(handler)));
    }
    bool stop(Duration deadline = patience) { return server->stop(deadline, asio::use_future).get(); }
    error_code codeOfServing(Server& which) {
        std::promise<error_code> outcome;
        which.serve(echo(), [&outcome](error_code ec) { outcome.set_value(ec); });
        return outcome.get_future().get();
    }
    Peer connect() { return flows::connect(client, address, {}, asio::use_future).get(); }
    static std::string ask(Peer& peer, std::string_view text) {
        MessagePtr request = peer.newMessage(OpCode::Request);
        request->body.append(text);
        return std::string(peer.request(std::move(request), patience, asio::use_future).get()->body.view());
    }

    std::mutex mutex;
    std::map<std::thread::id, int> handlersOf;
    ReactorGroup reactors{3};
    Reactor client;
    std::optional<Server> server;
    std::optional<Running> serving;
    Address address;
};

TEST_F(FlowsReactorGroup, HandlersRunBesideTheirPeersOnEveryEngine) {
    constexpr int clients = 30;
    start();
    serve(echo());
    std::vector<Peer> peers;
    for (int i = 0; i < clients; ++i)
        peers.push_back(connect());
    for (int i = 0; i < clients; ++i)
        EXPECT_EQ(ask(peers[static_cast<std::size_t>(i)], std::to_string(i)), std::to_string(i));
    {
        const std::scoped_lock lock(mutex);
        ASSERT_EQ(handlersOf.size(), reactors.size());
        int total = 0;
        for (const auto& [thread, handlers] : handlersOf) {
            EXPECT_NEAR(handlers, clients / 3, 1);  // the listener counts as a channel of the first
            total += handlers;
        }
        EXPECT_EQ(total, clients);
    }
    EXPECT_EQ(server->counters().accepted, static_cast<std::uint64_t>(clients));
    EXPECT_EQ(server->counters().peers, static_cast<std::size_t>(clients));
    EXPECT_EQ(server->served().size(), static_cast<std::size_t>(clients));
    peers.clear();
    EXPECT_TRUE(stop());
    serving->join();
    EXPECT_EQ(server->counters().peers, 0U);
}

TEST_F(FlowsReactorGroup, TheLimitOfPeersIsOfTheWhole) {
    ServerOptions options;
    options.maxPeers = 4;
    start(options);
    serve(echo());
    std::vector<Peer> peers;
    for (int i = 0; i < 4; ++i)
        peers.push_back(connect());
    EXPECT_THROW(connect(), boost::system::system_error);
    EXPECT_EQ(server->counters().refused, 1U);
    peers.pop_back();
    EXPECT_TRUE(eventually([&] { return server->counters().peers == 3; }));
    peers.push_back(connect());
    EXPECT_EQ(ask(peers.back(), "in"), "in");
}

TEST_F(FlowsReactorGroup, StopCancelsWhoeverDoesNotEndWhereverItRuns) {
    start();
    serve([](const Peer&) -> asio::awaitable<void> {
        asio::steady_timer forever(co_await asio::this_coro::executor, TimePoint::max());
        co_await forever.async_wait(asio::use_awaitable);
    });
    std::vector<Peer> peers;
    for (int i = 0; i < 6; ++i)
        peers.push_back(connect());
    EXPECT_FALSE(stop(10ms));
    serving->join();
    EXPECT_EQ(server->counters().cancelled, 6U);
    EXPECT_EQ(server->counters().peers, 0U);
}

TEST_F(FlowsReactorGroup, AHandlerOnAnyEngineMayStopTheServer) {
    start();
    std::atomic<int> stopped{0};
    serve([&](Peer peer) -> asio::awaitable<void> {
        while (MessagePtr message = co_await peer.receive()) {
            if (message->body.view() != "stop") continue;
            const bool isClean = co_await server->stop(patience);
            if (isClean) ++stopped;
            co_return;
        }
    });
    std::vector<Peer> peers;
    for (int i = 0; i < 3; ++i)
        peers.push_back(connect());
    MessagePtr word = peers[1].newMessage(OpCode::Signal);
    word->body.append("stop");
    peers[1].trySend(std::move(word));
    serving->join();
    EXPECT_EQ(stopped, 1);
}

TEST_F(FlowsReactorGroup, ServeIsForOnceOnly) {
    start();
    serve(echo());
    Peer before = connect();
    EXPECT_EQ(codeOfServing(*server), Status::NotAllowed);
    Peer after = connect();
    EXPECT_EQ(ask(after, "still"), "still");
}

TEST_F(FlowsReactorGroup, ConnectTakesTheLeastBusyEngine) {
    start();
    serve(echo());
    ReactorGroup clients(2);
    std::vector<Peer> peers;
    for (int i = 0; i < 4; ++i)
        peers.push_back(flows::connect(clients, address, flows::ConnectOptions(), asio::use_future).get());
    EXPECT_EQ(clients[0].stats().channels, 2U);
    EXPECT_EQ(clients[1].stats().channels, 2U);
}

TEST_F(FlowsReactorGroup, DestroyingItEndsHandlersOnEveryEngine) {
    start();
    std::atomic<int> ended{0};
    serve([&](Peer peer) -> asio::awaitable<void> {
        struct Count {
            std::atomic<int>& counter;
            ~Count() { ++counter; }
        };
        const Count count{ended};
        while (co_await peer.receive()) {
        }
    });
    std::vector<Peer> peers;
    for (int i = 0; i < 6; ++i)
        peers.push_back(connect());
    EXPECT_TRUE(eventually([&] { return server->counters().peers == 6; }));
    server.reset();
    EXPECT_EQ(ended, 6);
    serving->join();
}

TEST_F(FlowsReactorGroup, AListenerThatFailsIsToldByServe) {
    start();
    Server second(reactors, {address}, {});
    EXPECT_EQ(codeOfServing(second), Status::ListenFailed);
}

}  // namespace
}  // namespace tempeh::test
