// Flows at the edges of life: on a caller's context, under a context that is destroyed, and ended at any
// moment from any thread.

#include "support/flows_fixture.hpp"
#include "support/raw_server.hpp"
#include "support/scale.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <random>

namespace tempeh::test {
namespace {

using flows::BlockingPeer;
using flows::Peer;
using flows::ReconnectingPeer;
using flows::Server;
using namespace asio::experimental::awaitable_operators;

/// An io_context of the application's, run by threads of its own.
class Context {
public:
    explicit Context(int threads) {
        for (int i = 0; i < threads; ++i)
            threads_.emplace_back([this] { context.run(); });
    }
    ~Context() { end(); }
    void end() {
        work_.reset();
        context.stop();
        for (std::thread& thread : threads_)
            thread.join();
        threads_.clear();
    }

    asio::io_context context;

private:
    asio::executor_work_guard<asio::io_context::executor_type> work_{context.get_executor()};
    std::vector<std::thread> threads_;
};

asio::awaitable<void> askOften(Peer peer, int count) {
    for (int i = 0; i < count; ++i) {
        const std::string text = std::to_string(i);
        const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, text), patience);
        EXPECT_EQ(answer->body.view(), text);
    }
}

asio::awaitable<void> connectAndAsk(Ampe& engine, Address address, int count) {
    const Peer peer = co_await flows::connect(engine, address);
    co_await (askOften(peer, count) && askOften(peer, count));
}

TEST(FlowsLife, OnACallersContextWithSeveralThreads) {
    Context context(2);
    Reactor reactor(context.context);
    Server server(reactor, {localTcp()});
    Running serving(context.context.get_executor(), server.serve(echo));
    const Address address = server.addresses().front();
    const int count = static_cast<int>(scaled(500));
    {
        std::vector<Running> clients;
        for (int i = 0; i < 4; ++i)
            clients.emplace_back(context.context.get_executor(), connectAndAsk(reactor, address, count));
    }
    run(context.context.get_executor(), [](Server* stopped) -> asio::awaitable<void> {
        const bool isClean = co_await stopped->stop(patience);
        EXPECT_TRUE(isClean);
    }(&server));
    serving.join();
    reactor.shutdown(patience);
}

asio::awaitable<void> waitForNothing(Peer peer) {
    co_await (peer.sleep(1h) && (peer.receive() && peer.request(peer.newMessage())));
}

asio::awaitable<void> waitInEveryWay(Ampe& engine, Address address, std::atomic<int>* waiting) {
    const Peer peer = co_await flows::connect(engine, address);
    const ReconnectingPeer link(engine, UdsClientAddress{temporaryUdsPath()});
    const flows::Heartbeat heartbeat(peer, {.interval = 1h});
    ++*waiting;
    co_await (waitForNothing(peer) && link.request(link.newMessage()));
}

asio::awaitable<void> swallowAll(Peer peer) {
    for (;;)
        co_await peer.receive();
}

/// Everything waits; then the context goes, and only then the engine, the server and the handles.
TEST(FlowsLife, SurvivesItsContext) {
    for (const int threads : {1, 2}) {
        std::optional<Context> context(std::in_place, threads);
        auto reactor = std::make_unique<Reactor>(context->context);
        Server server(*reactor, {UdsServerAddress{}});
        const Address address = server.addresses().front();
        const ReconnectingPeer link(*reactor, UdsClientAddress{temporaryUdsPath()});
        std::atomic<int> waiting{0};
        asio::co_spawn(context->context, server.serve(swallowAll), asio::detached);
        const Peer peer = flows::connectBlocking(*reactor, address).peer();
        for (int i = 0; i < 5; ++i)
            asio::co_spawn(context->context, waitInEveryWay(*reactor, address, &waiting), asio::detached);
        ASSERT_TRUE(eventually([&] { return waiting == 5; }));
        ASSERT_TRUE(eventually([&] { return server.counters().peers == 6; }));
        context.reset();
        EXPECT_TRUE(eventually([&] { return !peer.isOpen(); }));
        EXPECT_EQ(link.state(), flows::LinkState::Closed);
    }
}

/// Waiters on contexts of their own, which are destroyed before they run again.
TEST(FlowsLife, SurvivesTheContextsOfItsWaiters) {
    FlowsPair pair(swallowAll);
    for (int i = 0; i < 20; ++i) {
        const Peer peer = pair.connect();
        asio::io_context waiters;
        asio::co_spawn(waiters, peer.receive(), asio::detached);
        asio::co_spawn(waiters, peer.request(peer.newMessage()), asio::detached);
        waiters.poll();
        std::future<MessagePtr> witness =
            asio::co_spawn(pair.clientReactor.executor(), peer.request(peer.newMessage()), asio::use_future);
        ASSERT_TRUE(eventually([&] { return peer.counters().inFlight == 2; }));
        peer.abort();
        EXPECT_THROW(witness.get(), Error);
        // The others are told in the same step of the engine, which is over when it takes the next; and they
        // never run again.
        asio::post(pair.clientReactor.executor(), asio::use_future).get();
    }
    EXPECT_TRUE(eventually([&] { return pair.clientReactor.stats().groups == 0; }));
}

/// Any of the ways in which a conversation may end, in the middle of it.
void endSomehow(FlowsPair& pair, const Peer& peer, unsigned way) {
    switch (way % 5) {
        case 0:
            peer.abort();
            break;
        case 1:
            pair.server.reset();
            break;
        case 2:
            pair.clientReactor.shutdown(1ms);
            break;
        case 3:
            pair.serverReactor.shutdown(1ms);
            break;
        default:
            try {
                BlockingPeer(peer).close();
            } catch (const Error&) {
                break;  // somebody was quicker
            }
    }
}

void askUntilTheEnd(const BlockingPeer& peer, std::atomic<int>* asked) {
    try {
        for (;;) {
            peer.request(peer.newMessage(), patience);
            ++*asked;
        }
    } catch (const Error&) {
        ++*asked;
    }
}

asio::awaitable<void> askUntilTheEndHere(Peer peer, std::atomic<int>* asked) {
    error_code ec;
    while (!ec) {
        ec = co_await codeOf(peer.request(peer.newMessage(), patience));
        ++*asked;
    }
}

TEST(FlowsLife, EndsAtAnyMomentInAnyWay) {
    std::minstd_rand random(17);
    asio::thread_pool pool(1);
    for (std::uint64_t i = 0; i < scaled(100); ++i) {
        FlowsPair pair(echo, UdsServerAddress{}, {}, Options{.lingerTimeout = 10ms},
                       Options{.lingerTimeout = 10ms});
        const Peer peer = pair.connect();
        std::atomic<int> asked{0};
        std::thread asking([&] { askUntilTheEnd(BlockingPeer(peer), &asked); });
        Running elsewhere(pool.get_executor(), askUntilTheEndHere(peer, &asked));
        Running beside(peer.executor(), askUntilTheEndHere(peer, &asked));
        const int enough = static_cast<int>(random() % 50);
        ASSERT_TRUE(eventually([&] { return asked >= enough; }));
        endSomehow(pair, peer, static_cast<unsigned>(random() % 1000));
        asking.join();
        elsewhere.join();
        beside.join();
        EXPECT_TRUE(eventually([&] { return !peer.isOpen(); }));
    }
    pool.join();
}

TEST(FlowsLife, LeavesNothingBehindWhenConnectingIsCancelledAtAnyMoment) {
    FlowsPair pair(echo, UdsServerAddress{});
    for (std::uint64_t i = 0; i < scaled(300); ++i) {
        run(pair.clientReactor.executor(),
            [](Ampe* engine, Address address, std::uint64_t round) -> asio::awaitable<void> {
                asio::steady_timer timer(co_await asio::this_coro::executor,
                                         std::chrono::microseconds(round % 300));
                co_await (flows::connect(*engine, address) || timer.async_wait(asio::use_awaitable));
            }(&pair.clientReactor, pair.address, i));
    }
    EXPECT_TRUE(eventually([&] { return pair.clientReactor.stats().groups == 0; }));
    EXPECT_TRUE(eventually([&] { return pair.server->counters().peers == 0; }));
}

/// The first request that comes back unsent, and what the peer says of itself then.
asio::awaitable<void> askUntilReturned(Peer peer, std::atomic<int>* asked) {
    MessagePtr request = peer.newMessage(OpCode::Request, std::string(60'000, 'x'));
    ++*asked;
    const error_code ec = co_await codeOf(peer.request(std::move(request), patience));
    EXPECT_TRUE(ec);
    const error_code again = co_await codeOf(peer.send(peer.newMessage(OpCode::Signal)));
    EXPECT_EQ(again, Status::ChannelClosed);
    EXPECT_FALSE(peer.isOpen()) << "who connects again only when it is not open tries this one for ever";
}

TEST(FlowsLife, IsNotOpenOnceItsCallsThrowChannelClosed) {
    RawServer server;
    Reactor reactor(Options{.sendBufferBytes = RawServer::bufferBytes});
    Peer peer;
    const auto connectInto = [](Reactor* engine, std::uint16_t port, Peer* result) -> asio::awaitable<void> {
        const Address address = TcpClientAddress{"127.0.0.1", port};
        *result = co_await flows::connect(*engine, address);
    };
    Running connecting(reactor.executor(), connectInto(&reactor, server.port(), &peer));
    RawPeer raw = server.accept();
    raw.acceptHello();
    connecting.join();
    std::atomic<int> asked{0};
    std::vector<Running> requests;
    for (int i = 0; i < 50; ++i)
        requests.emplace_back(reactor.executor(), askUntilReturned(peer, &asked));
    ASSERT_TRUE(eventually([&] { return asked == 50; }));
    raw.close();
    for (Running& request : requests)
        request.join();
}

/// Also while the engine's thread has had no time to tell anybody.
TEST(FlowsLife, IsNotOpenOnceItsEngineShutsDown) {
    FlowsPair pair(echo, UdsServerAddress{}, {}, Options(), Options{.lingerTimeout = 1ms});
    const Peer peer = pair.connect();
    EXPECT_TRUE(peer.isOpen());
    std::promise<void> isHeld;
    std::promise<void> mayGoOn;
    asio::post(pair.clientReactor.executor(), [&] {
        isHeld.set_value();
        mayGoOn.get_future().wait();
    });
    isHeld.get_future().wait();
    EXPECT_FALSE(pair.clientReactor.shutdown(0s).complete);
    EXPECT_FALSE(peer.isOpen());
    error_code ec;
    try {
        BlockingPeer(peer).send(peer.newMessage(OpCode::Signal));
    } catch (const Error& error) {
        ec = error.code();
    }
    EXPECT_EQ(ec, Status::ShutdownStarted);
    mayGoOn.set_value();
}

}  // namespace
}  // namespace tempeh::test
