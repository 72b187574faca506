// Server::stop() and serve() end in time, whatever handlers and hooks are at.

#include "support/flows_fixture.hpp"
#include "support/log_lines.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/thread_pool.hpp>

#include <array>
#include <barrier>

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::Server;
using flows::ServerOptions;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> stopAndNote(Server* server, Duration deadline, bool* isClean) {
    *isClean = co_await server->stop(deadline);
}

/// Says so when it runs, then waits for something that never comes.
class StuckHandler {
public:
    enum class In { Sleep, Timer, Answer };

    StuckHandler(In where, Ampe& engine, Address mute)
        : where_(where), engine_(engine), mute_(std::move(mute)) {}

    asio::awaitable<void> serve(Peer peer) {
        begun.set_value();
        switch (where_) {
            case In::Sleep:
                co_await peer.sleep(1h);
                break;
            case In::Timer: {
                asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
                co_await timer.async_wait(asio::use_awaitable);
                break;
            }
            case In::Answer: {
                const Peer other = co_await flows::connect(engine_, mute_);
                co_await other.request(other.newMessage());
                break;
            }
        }
    }

    std::promise<void> begun;

private:
    const In where_;
    Ampe& engine_;
    const Address mute_;
};

asio::awaitable<void> neverAnswer(Peer peer) {
    for (;;)
        co_await peer.receive();
}

class FlowsServerStuck : public ::testing::TestWithParam<StuckHandler::In> {
protected:
    /// `executor`: of the handlers; empty for the engine's.
    void expectStopCancels(const asio::any_io_executor& executor) {
        FlowsPair mute(neverAnswer);
        StuckHandler handler(GetParam(), mute.clientReactor, mute.address);
        FlowsPair pair([&handler](Peer peer) { return handler.serve(std::move(peer)); }, localTcp(),
                       {.executor = executor});
        const Peer client = pair.connect();
        handler.begun.get_future().wait();
        bool isClean = true;
        run(pair.clientReactor.executor(), stopAndNote(&*pair.server, 10ms, &isClean));
        EXPECT_FALSE(isClean);
        pair.serving.join();
        EXPECT_EQ(pair.server->counters().cancelled, 1U);
        EXPECT_EQ(pair.server->counters().handlerFailures, 0U);
        EXPECT_TRUE(pair.server->served().empty());
    }
};

TEST_P(FlowsServerStuck, HandlerIsCancelledAtTheDeadline) {
    expectStopCancels({});
}

TEST_P(FlowsServerStuck, HandlerOnAPoolIsCancelledAtTheDeadline) {
    asio::thread_pool pool(2);
    expectStopCancels(pool.get_executor());
    pool.join();
}

std::string nameOfCase(const ::testing::TestParamInfo<StuckHandler::In>& test) {
    constexpr std::array names{"Sleep", "Timer", "Answer"};
    return names[static_cast<std::size_t>(test.param)];
}

INSTANTIATE_TEST_SUITE_P(In, FlowsServerStuck,
                         ::testing::Values(StuckHandler::In::Sleep, StuckHandler::In::Timer,
                                           StuckHandler::In::Answer),
                         nameOfCase);

/// Does not hear that it is cancelled.
asio::awaitable<void> beDeaf(Peer peer, Event* mayEnd) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await mayEnd->wait();
    peer.abort();
}

TEST(FlowsServerStop, NamesTheHandlersThatAreDeafToIt) {
    LogLines log;
    Reactor reactor(Options{.logger = log.logger()});
    Event mayEnd(reactor.executor());
    Server server(reactor, {localTcp()});
    const flows::Handler handler = [&mayEnd](Peer peer) { return beDeaf(std::move(peer), &mayEnd); };
    Running serving(reactor.executor(), server.serve(handler));
    Reactor clients;
    Party client(clients);
    client.sayHello(clientAddressOf(server.addresses().front()));
    client.next(OpCode::HelloResponse);
    ASSERT_TRUE(eventually([&] { return server.counters().peers == 1; }));
    bool isClean = true;
    run(reactor.executor(), stopAndNote(&server, 0ms, &isClean));
    EXPECT_FALSE(isClean);
    ASSERT_EQ(server.served().size(), 1U);
    const std::string name = server.served().front();
    EXPECT_NE(name.find("tcp|127.0.0.1|"), std::string::npos) << name;
    EXPECT_EQ(log.warningsWith("1 handlers have not ended"), 1U);
    EXPECT_EQ(log.warningsWith(name), 1U);
    mayEnd.set();
    serving.join();
}

/// "quit": stops its own server.
class Quitter {
public:
    asio::awaitable<void> serve(Peer peer) {
        MessagePtr request = co_await peer.receive();
        if (request->body.view() == "quit") isClean = co_await server->stop(patience);
        co_await peer.respond(std::move(request), "stopped");
    }

    Server* server = nullptr;
    bool isClean = false;
};

asio::awaitable<void> askToQuit(Ampe& engine, Address address) {
    const Peer peer = co_await flows::connect(engine, address);
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "quit"), patience);
    EXPECT_EQ(answer->body.view(), "stopped");
}

TEST(FlowsServerStop, MayBeCalledByAHandler) {
    Reactor reactor;
    Reactor clients;
    Quitter quitter;
    Server server(reactor, {localTcp()});
    quitter.server = &server;
    Running serving(reactor.executor(),
                    server.serve([&quitter](Peer peer) { return quitter.serve(std::move(peer)); }));
    run(clients.executor(), askToQuit(clients, server.addresses().front()));
    serving.join();
    EXPECT_TRUE(quitter.isClean);
    EXPECT_EQ(server.counters().cancelled, 0U);
}

TEST(FlowsServerStop, MayBeCalledByTwoHandlersAtOnce) {
    asio::thread_pool pool(2);
    Reactor reactor;
    Reactor clients;
    std::optional<Server> server;
    server.emplace(reactor, std::vector<Address>{localTcp()}, ServerOptions{.executor = pool.get_executor()});
    std::barrier both(2);
    std::atomic<int> clean{0};
    const flows::Handler handler = [&](Peer peer) -> asio::awaitable<void> {
        MessagePtr request = co_await peer.receive();
        both.arrive_and_wait();
        const bool isClean = co_await server->stop(patience);
        clean += isClean ? 1 : 0;
        co_await peer.respond(std::move(request), "stopped");
    };
    Running serving(reactor.executor(), server->serve(handler));
    const Address address = server->addresses().front();
    {
        Running first(clients.executor(), askToQuit(clients, address));
        Running second(clients.executor(), askToQuit(clients, address));
    }
    serving.join();
    EXPECT_EQ(clean, 2);
    server.reset();
    pool.join();
}

/// An accept hook that takes until it is let go.
class SlowHook {
public:
    std::uint8_t operator()(flows::Hello&) {
        entered.set_value();
        mayLeave.get_future().wait();
        return 0;
    }

    std::promise<void> entered;
    std::promise<void> mayLeave;
};

TEST(FlowsServerStop, WaitsForTheClientThatTheAcceptHookHasBeforeIt) {
    asio::thread_pool pool(1);
    Reactor reactor;
    Reactor clients;
    SlowHook hook;
    std::atomic<bool> hasRun{false};
    const flows::Handler handler = [&hasRun](Peer peer) -> asio::awaitable<void> {
        hasRun = true;
        co_await peer.receive();
    };
    Server server(reactor, {localTcp()}, {.accept = [&hook](flows::Hello& hello) { return hook(hello); }});
    Running serving(pool.get_executor(), server.serve(handler));
    Party client(clients);
    client.sayHello(clientAddressOf(server.addresses().front()));
    hook.entered.get_future().wait();
    EXPECT_EQ(server.served().size(), 1U);
    std::atomic<bool> hasStopped{false};
    bool isClean = false;
    const auto stop = [&]() -> asio::awaitable<void> {
        isClean = co_await server.stop(patience);
        EXPECT_TRUE(hasRun);
        hasStopped = true;
    };
    Running stopping(reactor.executor(), stop());
    // A turn of the engine's thread later stop() has looked.
    asio::post(reactor.executor(), asio::use_future).get();
    EXPECT_FALSE(hasStopped);
    hook.mayLeave.set_value();
    stopping.join();
    serving.join();
    EXPECT_TRUE(isClean);
    pool.join();
}

asio::awaitable<void> expectLinkWorks(flows::ReconnectingPeer link) {
    const MessagePtr answer = co_await link.request(link.newMessage(), patience);
    EXPECT_NE(answer, nullptr);
}

TEST(FlowsServerStop, LetsClientsThatWaitTryTheNextServer) {
    Reactor reactor;
    Reactor clients;
    asio::thread_pool pool(1);
    const std::string path = temporaryUdsPath();
    SlowHook hook;
    std::optional<Server> first(
        std::in_place, reactor, std::vector<Address>{UdsServerAddress{path}},
        ServerOptions{.accept = [&hook](flows::Hello& hello) { return hook(hello); }});
    Running serving(pool.get_executor(), first->serve(echo));
    const UdsClientAddress address{path};
    first->addresses();
    std::vector<flows::ReconnectingPeer> links;
    const flows::ReconnectOptions options{.backoff = {.initial = 1ms, .max = 20ms}};
    for (int i = 0; i < 5; ++i)
        links.emplace_back(clients, address, options);
    hook.entered.get_future().wait();
    // The others knock while the first is looked at.
    ASSERT_TRUE(eventually([&] { return reactor.stats().received.messages == 5; }));
    bool isClean = false;
    {
        Running stopping(reactor.executor(), stopAndNote(&*first, patience, &isClean));
        ASSERT_TRUE(eventually([&] { return first->counters().turnedAway == 4; }));
        hook.mayLeave.set_value();
    }
    EXPECT_TRUE(isClean);
    EXPECT_EQ(first->counters().refused, 0U);
    serving.join();
    first.reset();
    // The one that was let in has been told goodbye; a request must not go that way any more.
    const auto losses = [&links] {
        std::uint64_t sum = 0;
        for (const flows::ReconnectingPeer& link : links)
            sum += link.counters().losses;
        return sum;
    };
    ASSERT_TRUE(eventually([&] { return losses() == 1; }));
    Server second(reactor, {UdsServerAddress{path}});
    Running again(reactor.executor(), second.serve(echo));
    for (const flows::ReconnectingPeer& link : links)
        run(clients.executor(), expectLinkWorks(link));
    links.clear();
    run(reactor.executor(), stopAndNote(&second, patience, &isClean));
    pool.join();
}

asio::awaitable<void> connectAndWait(flows::PeerGroup group, Address address) {
    const error_code ec = co_await codeOf(group.connect(address));
    if (ec) co_return;  // too late
}

TEST(FlowsServerStop, MayComeWhileClientsArrive) {
    asio::thread_pool pool(2);
    Reactor reactor;
    Reactor clients;
    const flows::Handler handler = [](Peer peer) { return peer.sleep(1h); };
    for (int round = 0; round < 20; ++round) {
        Server server(reactor, {UdsServerAddress{}}, {.executor = pool.get_executor()});
        Running serving(pool.get_executor(), server.serve(handler));
        const Address address = server.addresses().front();
        const flows::PeerGroup group(clients);
        std::vector<Running> arriving;
        for (int i = 0; i < 20; ++i)
            arriving.emplace_back(clients.executor(), connectAndWait(group, address));
        ASSERT_TRUE(eventually([&] { return server.counters().accepted >= std::uint64_t(round) / 2; }));
        bool isClean = false;
        run(reactor.executor(), stopAndNote(&server, 0ms, &isClean));
        serving.join();
        EXPECT_TRUE(server.served().empty());
    }
    pool.join();
}

asio::awaitable<void> expectNobodyListens(Ampe& engine, Address address) {
    const error_code ec = co_await codeOf(flows::connect(engine, address));
    EXPECT_TRUE(ec == Status::ConnectFailed || ec == Status::UdsPathNotFound ||
                ec == Status::PeerDisconnected)
        << ec;
}

asio::awaitable<void> expectServeFails(Server* server, error_code expected) {
    const error_code ec = co_await codeOf(server->serve(echo));
    EXPECT_EQ(ec, expected);
}

TEST(FlowsServerStop, ServeThatFailsLeavesNoListenerOpen) {
    LogLines log;
    Reactor reactor(Options{.logger = log.logger()});
    const std::string path = temporaryUdsPath();
    Server server(reactor, {UdsServerAddress{path}, UdsServerAddress{"/no/such/folder/socket"}});
    run(reactor.executor(), expectServeFails(&server, Status::ListenFailed));
    EXPECT_EQ(log.warningsWith("/no/such/folder/socket"), 1U);
    run(reactor.executor(), expectNobodyListens(reactor, UdsClientAddress{path}));
}

asio::awaitable<void> cancelAtOnce(Reactor* reactor, Address where) {
    // Nobody has answered: this runs on the engine's thread.
    Server server(*reactor, {where});
    const auto nothing = []() -> asio::awaitable<void> { co_return; };
    co_await (server.serve(echo) || nothing());
    co_await server.listening();
    const Address bound = server.addresses().front();
    co_await expectNobodyListens(*reactor, bound);
}

TEST(FlowsServerStop, ServeThatIsCancelledWhileItWaitsLeavesNoListenerOpen) {
    Reactor reactor;
    run(reactor.executor(), cancelAtOnce(&reactor, localTcp()));
}

TEST(FlowsServerStop, ServeThatIsAskedASecondTimeDoesNotStopTheFirst) {
    FlowsPair pair(echo);
    pair.connect();
    run(pair.serverReactor.executor(), expectServeFails(&*pair.server, Status::NotAllowed));
    pair.onClient(expectEcho(pair.connect()));
}

asio::awaitable<void> throwAtOnce(Peer peer) {
    co_await peer.receive();
    throw std::runtime_error("the database is gone");
}

asio::awaitable<void> makeItThrow(Ampe& engine, Address address) {
    const Peer peer = co_await flows::connect(engine, address);
    const error_code ec = co_await codeOf(peer.request(peer.newMessage(), patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
}

TEST(FlowsServerLog, HasWhatAHandlerThrewOncePerInterval) {
    LogLines log;
    FlowsPair pair(throwAtOnce, localTcp(), {}, Options{.logger = log.logger()});
    for (int i = 0; i < 3; ++i)
        pair.onClient(makeItThrow(pair.clientReactor, pair.address));
    ASSERT_TRUE(eventually([&] { return pair.server->counters().handlerFailures == 3; }));
    EXPECT_TRUE(eventually([&] { return log.warningsWith("the database is gone") >= 1; }));
    EXPECT_EQ(log.warningsWith("the database is gone"), 1U);
}

asio::awaitable<void> expectRefused(Ampe& engine, Address address, std::string_view body) {
    const flows::ConnectOptions hello{.body = body};
    int raw = 0;
    try {
        co_await flows::connect(engine, address, hello);
    } catch (const flows::Refused& refused) {
        raw = refused.rawStatus();
    }
    EXPECT_EQ(raw, static_cast<int>(Status::ProcessingFailed));
}

TEST(FlowsServerLog, HasWhatTheHooksThrew) {
    LogLines log;
    const ServerOptions options{
        .accept = [](flows::Hello& hello) -> std::uint8_t {
            if (hello.request.body.view() == "bad") throw std::runtime_error("no list");
            return 0;
        },
        .onFailure = [](const Peer&, const std::exception_ptr&) { throw std::runtime_error("no hospital"); }};
    FlowsPair pair(throwAtOnce, localTcp(), options, Options{.logger = log.logger()});
    pair.onClient(makeItThrow(pair.clientReactor, pair.address));
    EXPECT_TRUE(eventually([&] { return log.warningsWith("no hospital") == 1; }));
    pair.onClient(expectRefused(pair.clientReactor, pair.address, "bad"));
    EXPECT_EQ(log.warningsWith("no list"), 1U);
}

}  // namespace
}  // namespace tempeh::test
