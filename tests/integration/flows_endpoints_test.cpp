// One peer at several addresses: connect() tries them in turn, ReconnectingPeer fails over.

#include "support/flows_fixture.hpp"

#include <gmock/gmock.h>

namespace tempeh::test {
namespace {

using flows::ConnectOptions;
using flows::EndpointOrder;
using flows::Failover;
using flows::Peer;
using flows::ReconnectingPeer;
using flows::ReconnectOptions;
using flows::Server;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A server at a name of its own that answers with the name. Starts and stops.
class Named {
public:
    explicit Named(std::string name) : name_(std::move(name)) { start(); }
    ~Named() { stop(); }
    void start() {
        server_.emplace(reactor_, std::vector<Address>{MemServerAddress(name_)});
        server_->addresses();
        serving_.emplace(reactor_.executor(),
                         server_->serve([name = name_](Peer peer) -> asio::awaitable<void> {
                             for (;;) {
                                 MessagePtr request = co_await peer.receive();
                                 request->body.assign(name);
                                 co_await peer.respond(std::move(request));
                             }
                         }));
    }
    void stop() {
        server_.reset();
        serving_.reset();
    }
    /// Ends its connections, and goes on.
    void dropPeers() {
        for (const Peer& peer : server_->peers())
            peer.abort();
    }
    Address address() const { return MemClientAddress(name_); }

private:
    const std::string name_;
    Reactor reactor_;
    std::optional<Server> server_;
    std::optional<Running> serving_;
};

const Address nowhere = MemClientAddress("nowhere");

template <typename Link>
asio::awaitable<void> expectAnswerOf(Link link, std::string name) {
    const MessagePtr answer = co_await link.request(link.newMessage(OpCode::Request), patience);
    EXPECT_EQ(answer->body.view(), name);
}

asio::awaitable<void> connectAndExpect(Ampe& engine, std::vector<Address> addresses, std::string name) {
    const Peer peer = co_await flows::connect(engine, addresses);
    co_await expectAnswerOf(peer, name);
}

TEST(FlowsEndpoints, ConnectTakesTheFirstThatAnswers) {
    const Named first("first");
    const Named second("second");
    Reactor client;
    run(client.executor(), connectAndExpect(client, {first.address(), second.address()}, "first"));
    run(client.executor(), connectAndExpect(client, {nowhere, second.address(), first.address()}, "second"));
}

asio::awaitable<void> connectInBraces(Ampe& engine) {
    const Peer one =
        co_await flows::connect(engine, {nowhere, MemClientAddress("braces-and-a-name-that-is-long")});
    co_await expectAnswerOf(one, "braces-and-a-name-that-is-long");
    const Peer other =
        co_await flows::connect(engine, {"mem|nowhere", "mem|neither", "mem|braces-and-a-name-that-is-long"});
    co_await expectAnswerOf(other, "braces-and-a-name-that-is-long");
    const Peer alone = co_await flows::connect(engine, {MemClientAddress("braces-and-a-name-that-is-long")});
    co_await expectAnswerOf(alone, "braces-and-a-name-that-is-long");
}

TEST(FlowsEndpoints, ConnectTakesThemInBraces) {
    const Named server("braces-and-a-name-that-is-long");
    Reactor client;
    run(client.executor(), connectInBraces(client));
    const flows::BlockingPeer blocking = flows::connectBlocking(client, {nowhere, server.address()});
    EXPECT_EQ(blocking.request(blocking.newMessage(OpCode::Request))->body.view(),
              "braces-and-a-name-that-is-long");
}

TEST(FlowsEndpoints, WhenAllFailTheErrorNamesEach) {
    Reactor client;
    const std::vector<Address> addresses{nowhere, MemClientAddress("neither")};
    try {
        flows::connectBlocking(client, addresses);
        ADD_FAILURE() << "connected";
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), Status::ConnectFailed);
        EXPECT_THAT(error.what(), AllOf(HasSubstr("mem|nowhere"), HasSubstr("mem|neither")));
    }
    EXPECT_THROW(flows::connectBlocking(client, std::vector<Address>()), Error);
}

TEST(FlowsEndpoints, ALinkGoesToTheNextServerAndStaysThere) {
    Named first("sticky-1");
    Named second("sticky-2");
    Reactor client;
    const ReconnectingPeer link(client, {first.address(), second.address()},
                                {.backoff = {.initial = 1ms, .max = 10ms}});
    run(client.executor(), expectAnswerOf(link, "sticky-1"));
    first.stop();
    run(client.executor(), expectAnswerOf(link, "sticky-2"));
    first.start();
    second.dropPeers();
    ASSERT_TRUE(eventually([&] { return link.counters().losses == 2; }));
    run(client.executor(), expectAnswerOf(link, "sticky-2"));
}

TEST(FlowsEndpoints, ALinkMayPreferTheFirst) {
    Named first("back-1");
    Named second("back-2");
    Reactor client;
    ReconnectOptions options{.backoff = {.initial = 1ms, .max = 10ms}};
    options.failover = Failover::BackToFirst;
    const ReconnectingPeer link(client, {first.address(), second.address()}, options);
    run(client.executor(), expectAnswerOf(link, "back-1"));
    first.stop();
    run(client.executor(), expectAnswerOf(link, "back-2"));
    first.start();
    second.stop();
    second.start();
    ASSERT_TRUE(eventually([&] { return link.counters().losses == 2; }));
    run(client.executor(), expectAnswerOf(link, "back-1"));
}

TEST(FlowsEndpoints, AShuffledListReachesTheOnlyOneThatIsThere) {
    const Named server("shuffled");
    Reactor client;
    for (int i = 0; i < 5; ++i) {
        const std::vector<Address> addresses{nowhere, server.address(), MemClientAddress("neither")};
        const flows::BlockingPeer peer =
            flows::connectBlocking(client, addresses, {.order = EndpointOrder::Shuffled});
        EXPECT_EQ(peer.request(peer.newMessage(OpCode::Request))->body.view(), "shuffled");
    }
}

}  // namespace
}  // namespace tempeh::test
