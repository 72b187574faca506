// What may go before what, in flows: handles after their engine, state before the server's engine, pools and
// contexts of handlers and waiters.

#include "support/flows_fixture.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

namespace tempeh::test {
namespace {

using flows::Heartbeat;
using flows::Peer;
using flows::PeerGroup;
using flows::ReconnectingPeer;
using flows::Server;
using flows::ServerOptions;
using flows::StreamReader;
using flows::StreamWriter;

asio::awaitable<void> swallowEverything(Peer peer) {
    for (;;)
        (void)co_await peer.receive();
}

/// An engine with a server, a client in it, and everything that is made of a peer.
struct Everything {
    std::unique_ptr<Reactor> reactor = std::make_unique<Reactor>();
    Server server{*reactor, {UdsServerAddress{""}}};
    Peer peer;
    PeerGroup group{*reactor};
    flows::BlockingPeer blocking;
    std::optional<Heartbeat> heartbeat;
    std::optional<ReconnectingPeer> link;
    std::optional<StreamWriter> writer;
    StreamReader reader;
    MessagePtr message;

    Everything() {
        asio::co_spawn(reactor->executor(), server.serve(swallowEverything), asio::detached);
        blocking = flows::connectBlocking(*reactor, server.addresses().front());
        peer = blocking.peer();
        heartbeat.emplace(peer, flows::HeartbeatOptions{.interval = infinite, .silence = infinite});
        link.emplace(*reactor, server.addresses().front());
        writer.emplace(peer, OpCode::Signal);
        MessagePtr first = peer.newMessage(OpCode::Signal, "a part");
        first->header.messageId = 7;
        first->header.more = true;
        reader = StreamReader(peer, std::move(first));
        message = peer.newMessage();
        asio::co_spawn(reactor->executor(), peer.receive(), asio::detached);
        asio::co_spawn(reactor->executor(), peer.sleep(1h), asio::detached);
        asio::co_spawn(reactor->executor(), link->connected(), asio::use_future).get();
    }
};

TEST(FlowsDestructionOrder, EveryHandleMayOutliveItsEngine) {
    Everything everything;
    everything.reactor.reset();
    EXPECT_FALSE(everything.peer.isOpen());
    EXPECT_EQ(everything.heartbeat->counters().silences, 0U);
}

TEST(FlowsDestructionOrder, EveryHandleMayOutliveItsEngineOnAnotherThread) {
    auto everything = std::make_unique<Everything>();
    everything->reactor.reset();
    std::thread([&] { everything.reset(); }).join();
}

TEST(FlowsDestructionOrder, EveryHandleMayGoOnTheEnginesThread) {
    auto everything = std::make_unique<Everything>();
    const std::unique_ptr<Reactor> reactor = std::move(everything->reactor);
    asio::post(reactor->executor(), asio::use_future([&] { everything.reset(); })).get();
}

TEST(FlowsDestructionOrder, AHeartbeatMayOutliveItsEngine) {
    for (const Timeout interval : {Timeout(10s), Timeout(infinite), Timeout(std::chrono::hours::max())}) {
        std::optional<Heartbeat> beat;
        Peer peer;
        {
            FlowsPair pair(swallowEverything);
            peer = pair.connect();
            beat.emplace(peer, flows::HeartbeatOptions{.interval = interval, .silence = interval});
            run(pair.clientReactor.executor(), peer.sleep(1ms));  // behind its first look
        }
        peer = {};
        beat.reset();
    }
}

/// State that handlers use, and whether it was there whenever one did.
class State {
public:
    explicit State(std::atomic<bool>* isThere) noexcept : isThere_(isThere) { *isThere_ = true; }
    ~State() { *isThere_ = false; }

private:
    std::atomic<bool>* isThere_;
};

/// In a handler's frame.
class Use {
public:
    Use(std::atomic<bool>& isThere, std::atomic<int>& misuses) noexcept
        : isThere_(isThere), misuses_(misuses) {}
    ~Use() {
        if (!isThere_) ++misuses_;
    }

private:
    std::atomic<bool>& isThere_;
    std::atomic<int>& misuses_;
};

/// Declared in the order that docs/concepts/shutdown.md recommends: engine, state, server.
void expectThatStateOutlivesHandlers(ServerOptions options) {
    std::atomic<bool> isThere = false;
    std::atomic<int> misuses = 0;
    const flows::Handler handler = [&](Peer peer) -> asio::awaitable<void> {
        const Use use(isThere, misuses);
        co_await swallowEverything(std::move(peer));
    };
    Reactor client;
    std::vector<Peer> peers;
    {
        Reactor reactor;
        const State state(&isThere);
        Server server(reactor, {UdsServerAddress{""}}, std::move(options));
        asio::co_spawn(reactor.executor(), server.serve(handler), asio::detached);
        for (int i = 0; i < 20; ++i)
            peers.push_back(flows::connectBlocking(client, server.addresses().front()).peer());
        ASSERT_TRUE(eventually([&] { return server.counters().peers == peers.size(); }));
    }
    EXPECT_EQ(misuses, 0);
}

TEST(FlowsDestructionOrder, StateBetweenEngineAndServerOutlivesTheHandlers) {
    expectThatStateOutlivesHandlers({});
}

TEST(FlowsDestructionOrder, StateBetweenEngineAndServerOutlivesTheHandlersOfAPool) {
    asio::thread_pool pool(2);
    expectThatStateOutlivesHandlers({.executor = pool.get_executor()});
}

TEST(FlowsDestructionOrder, AServerThatIsAssignedToEndsAsIfDestroyed) {
    Reactor reactor;
    Server server(reactor, {UdsServerAddress{""}});
    const Running serving(reactor.executor(), server.serve(swallowEverything));
    const Peer peer = flows::connectBlocking(reactor, server.addresses().front()).peer();
    server = Server(reactor, {UdsServerAddress{""}});
    EXPECT_TRUE(eventually([&] { return !peer.isOpen(); }));
}

/// The pool of the handlers goes while they wait, before and after the server.
TEST(FlowsDestructionOrder, AHandlersPoolMayGoBeforeTheEngine) {
    for (const bool isServerFirst : {true, false}) {
        Reactor client;
        Peer peer;
        Reactor reactor;
        std::optional<asio::thread_pool> pool(std::in_place, 2);
        std::optional<Server> server(std::in_place, reactor, std::vector<Address>{UdsServerAddress{""}},
                                     ServerOptions{.executor = pool->get_executor()});
        asio::co_spawn(reactor.executor(), server->serve(swallowEverything), asio::detached);
        peer = flows::connectBlocking(client, server->addresses().front()).peer();
        ASSERT_TRUE(eventually([&] { return server->counters().peers == 1; }));
        if (isServerFirst) server.reset();
        pool.reset();
        EXPECT_TRUE(eventually([&] { return !peer.isOpen(); }));
    }
}

/// serve() waits on the engine's executor for handlers that outlive the engine.
TEST(FlowsDestructionOrder, HandlersMayOutliveTheEngineOfServe) {
    Reactor client;
    asio::io_context context;
    std::optional<Reactor> reactor(std::in_place);
    std::optional<Server> server(std::in_place, *reactor, std::vector<Address>{UdsServerAddress{""}},
                                 ServerOptions{.executor = context.get_executor()});
    asio::co_spawn(reactor->executor(), server->serve(swallowEverything), asio::detached);
    const Peer peer = flows::connectBlocking(client, server->addresses().front()).peer();
    ASSERT_TRUE(eventually([&] { return server->counters().peers == 1; }));
    context.poll();
    reactor.reset();
    context.restart();
    context.run();  // the handler learns of it, and is the last one
    EXPECT_EQ(server->counters().peers, 0U);
}

/// Waits of every kind on a context that goes first; then what they waited for happens.
TEST(FlowsDestructionOrder, TheContextOfWaitersMayGoFirst) {
    FlowsPair pair(swallowEverything);
    for (int i = 0; i < 10; ++i) {
        const Peer peer = pair.connect();
        const ReconnectingPeer link(pair.clientReactor, UdsClientAddress{temporaryUdsPath()});
        {
            asio::io_context waiters;
            asio::co_spawn(waiters, peer.receive(), asio::detached);
            asio::co_spawn(waiters, peer.request(peer.newMessage()), asio::detached);
            asio::co_spawn(waiters, peer.sleep(1h), asio::detached);
            asio::co_spawn(waiters, link.connected(), asio::detached);
            asio::co_spawn(waiters, link.receive(), asio::detached);
            waiters.poll();
        }
        EXPECT_EQ(peer.counters().inFlight, 0U);
        peer.abort();
        EXPECT_TRUE(eventually([&] { return !peer.isOpen(); }));
        asio::post(pair.clientReactor.executor(), asio::use_future).get();
    }
}

asio::awaitable<void> askForEver(Peer peer) {
    for (;;)
        (void)co_await peer.request(peer.newMessage());
}

/// The context goes under a stream of answers.
TEST(FlowsDestructionOrder, TheContextOfWaitersMayGoWhileAnswersCome) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    for (int i = 0; i < 50; ++i) {
        asio::io_context waiters;
        for (int k = 0; k < 4; ++k)
            asio::co_spawn(waiters, askForEver(peer), asio::detached);
        for (int handlers = 0; handlers < 20; ++handlers)
            waiters.run_one();
    }
    run(pair.clientReactor.executor(), expectEcho(peer));
}

}  // namespace
}  // namespace tempeh::test
