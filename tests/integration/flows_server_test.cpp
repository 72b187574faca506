// Server: several listeners, one coroutine per client, and how it ends.

#include "support/flows_fixture.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/thread_pool.hpp>

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::Server;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> visit(Ampe& engine, Address address) {
    const Peer peer = co_await flows::connect(engine, address);
    co_await expectEcho(peer);
}

asio::awaitable<void> stopServer(Server* server, Duration deadline, bool* isClean) {
    *isClean = co_await server->stop(deadline);
}

TEST(FlowsServer, ListensAtSeveralAddressesAtOnce) {
    Reactor reactor;
    Server server(reactor, {localTcp(), UdsServerAddress{}, localTcp()});
    Running serving(reactor.executor(), server.serve(echo));
    const std::vector<Address> addresses = server.addresses();
    ASSERT_EQ(addresses.size(), 3U);
    EXPECT_NE(std::get<TcpServerAddress>(addresses[0]).port, 0);
    EXPECT_NE(std::get<UdsServerAddress>(addresses[1]).path, "");
    EXPECT_NE(addresses[0], addresses[2]);
    Reactor clients;
    for (const Address& address : addresses)
        run(clients.executor(), visit(clients, address));
    bool isClean = false;
    run(reactor.executor(), stopServer(&server, patience, &isClean));
    EXPECT_TRUE(isClean);
    serving.join();
    EXPECT_EQ(server.counters().accepted, 3U);
    EXPECT_EQ(server.counters().peers, 0U);
}

asio::awaitable<void> expectServeFails(Server* server, Status status) {
    const error_code ec = co_await codeOf(server->serve(echo));
    EXPECT_EQ(ec, status);
}

TEST(FlowsServer, SaysWhichAddressCannotBeBound) {
    Reactor reactor;
    Server first(reactor, {localTcp()});
    const Address taken = first.addresses().front();
    Server second(reactor, {UdsServerAddress{}, taken});
    std::string what;
    try {
        second.addresses();
    } catch (const Error& error) {
        EXPECT_EQ(error.status(), Status::ListenFailed);
        what = error.what();
    }
    EXPECT_NE(what.find(toString(taken)), std::string::npos) << what;
    run(reactor.executor(), expectServeFails(&second, Status::ListenFailed));
}

TEST(FlowsServer, RefusesAClientsAddress) {
    Reactor reactor;
    EXPECT_THROW(Server(reactor, {TcpClientAddress{"127.0.0.1", 1}}), Error);
}

asio::awaitable<void> expectNotAllowedOnEngine(Reactor* reactor) {
    const Server server(*reactor, {localTcp()});
    Status status = Status::Success;
    try {
        server.addresses();
    } catch (const Error& error) {
        status = error.status();
    }
    EXPECT_EQ(status, Status::NotAllowed);
    co_await server.listening();
    EXPECT_EQ(server.addresses().size(), 1U);
}

TEST(FlowsServer, TellsItsAddressesOnTheEnginesThreadWithoutBlocking) {
    Reactor reactor;
    run(reactor.executor(), expectNotAllowedOnEngine(&reactor));
}

asio::awaitable<void> throwOnDemand(Peer peer) {
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->body.view() == "fail") throw std::runtime_error("as asked");
        if (message->header.opCode == OpCode::Request) co_await peer.respond(std::move(message));
    }
}

asio::awaitable<void> failOne(Ampe& engine, Address address) {
    const Peer good = co_await flows::connect(engine, address);
    const Peer bad = co_await flows::connect(engine, address);
    co_await expectEcho(bad);
    const error_code ec = co_await codeOf(bad.request(bad.newMessage(OpCode::Request, "fail"), patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
    co_await expectEcho(good);
}

TEST(FlowsServer, AnExceptionInAHandlerEndsThatPeerAlone) {
    std::string what;
    const flows::FailureHook hook = [&what](const Peer&, const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& error) {
            what = error.what();
        }
    };
    FlowsPair pair(throwOnDemand, localTcp(), {.onFailure = hook});
    pair.onClient(failOne(pair.clientReactor, pair.address));
    ASSERT_TRUE(eventually([&] { return pair.server->counters().peers == 0; }));
    EXPECT_EQ(pair.server->counters().handlerFailures, 1U) << "the good client's end is none";
    EXPECT_EQ(what, "as asked");
}

/// A handler that is busy with a request until it is let go.
class Busy {
public:
    explicit Busy(const asio::any_io_executor& executor) : begun(executor), mayEnd(executor) {}
    asio::awaitable<void> serve(Peer peer) {
        MessagePtr request = co_await peer.receive();
        begun.set();
        co_await mayEnd.wait();
        co_await peer.respond(std::move(request), "finished");
        for (;;)
            co_await peer.receive();
    }

    Event begun;
    Event mayEnd;
};

asio::awaitable<void> askAndExpect(Ampe& engine, Address address, std::string expected) {
    const Peer peer = co_await flows::connect(engine, address);
    const MessagePtr answer = co_await peer.request(peer.newMessage(), patience);
    EXPECT_EQ(answer->body.view(), expected);
    error_code end;
    while (!end)
        end = co_await codeOf(peer.receive());  // a bye first
    EXPECT_EQ(end, Status::ChannelClosed);
}

asio::awaitable<void> stopWhenBusy(Server* server, Busy* busy, Ampe* other, Address address) {
    co_await busy->begun.wait();
    auto stopping = server->stop(patience);
    busy->mayEnd.set();
    const bool isClean = co_await std::move(stopping);
    EXPECT_TRUE(isClean);
    const error_code ec = co_await codeOf(flows::connect(*other, address));
    EXPECT_TRUE(ec == Status::ConnectFailed || ec == Status::UdsPathNotFound) << ec;
}

TEST(FlowsServer, StopLetsHandlersFinishWhatTheyAreAt) {
    Reactor reactor;
    Reactor clients;
    Busy busy(reactor.executor());
    Server server(reactor, {UdsServerAddress{}});
    const flows::Handler handler = [&busy](Peer peer) { return busy.serve(std::move(peer)); };
    Running serving(reactor.executor(), server.serve(handler));
    const Address address = server.addresses().front();
    Running asking(clients.executor(), askAndExpect(clients, address, "finished"));
    run(reactor.executor(), stopWhenBusy(&server, &busy, &clients, address));
    asking.join();
    serving.join();
}

asio::awaitable<void> waitForEver(Peer peer) {
    co_await peer.request(peer.newMessage());
}

asio::awaitable<void> beIgnored(Ampe& engine, Address address, Event* connected) {
    const Peer peer = co_await flows::connect(engine, address);
    connected->set();
    MessagePtr kept = co_await peer.receive();
    const error_code end = co_await codeOf(peer.receive());
    EXPECT_EQ(end, Status::ChannelClosed);
}

TEST(FlowsServer, StopAbortsAtTheDeadlineThoseThatDoNotEnd) {
    FlowsPair pair(waitForEver);
    Event connected(pair.clientReactor.executor());
    Running client(pair.clientReactor.executor(), beIgnored(pair.clientReactor, pair.address, &connected));
    pair.onClient(connected.wait());
    ASSERT_TRUE(eventually([&] { return pair.server->counters().peers == 1; }));
    bool isClean = true;
    run(pair.serverReactor.executor(), stopServer(&*pair.server, 10ms, &isClean));
    EXPECT_FALSE(isClean);
    client.join();
    pair.serving.join();
}

TEST(FlowsServer, DestroyedEndsItsHandlers) {
    FlowsPair pair(waitForEver);
    Event connected(pair.clientReactor.executor());
    Running client(pair.clientReactor.executor(), beIgnored(pair.clientReactor, pair.address, &connected));
    pair.onClient(connected.wait());
    pair.server.reset();
    pair.serving.join();
    client.join();
}

TEST(FlowsServer, EndsWithItsEngine) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    pair.serverReactor.shutdown(patience);
    pair.serving.join();
    EXPECT_TRUE(eventually([&] { return !peer.isOpen(); }));
}

TEST(FlowsServer, ServesOnce) {
    FlowsPair pair(echo);
    pair.connect();
    run(pair.serverReactor.executor(), expectServeFails(&*pair.server, Status::NotAllowed));
}

TEST(FlowsServer, RunsHandlersWhereItIsToldTo) {
    asio::thread_pool pool(2);
    std::promise<std::thread::id> where;
    const flows::Handler handler = [&where](Peer peer) -> asio::awaitable<void> {
        where.set_value(std::this_thread::get_id());
        co_await echo(peer);
    };
    std::promise<std::thread::id> engine;
    {
        FlowsPair pair(handler, localTcp(), {.executor = pool.get_executor()});
        asio::post(pair.serverReactor.executor(), [&] { engine.set_value(std::this_thread::get_id()); });
        pair.onClient(visit(pair.clientReactor, pair.address));
        EXPECT_NE(where.get_future().get(), engine.get_future().get());
    }
    pool.join();
}

asio::awaitable<void> expectFull(Ampe& engine, Address address) {
    const Peer first = co_await flows::connect(engine, address);
    int raw = -1;
    try {
        co_await flows::connect(engine, address);
    } catch (const flows::Refused& refused) {
        raw = refused.rawStatus();
    }
    EXPECT_EQ(raw, static_cast<int>(Status::NotAllowed));
    co_await expectEcho(first);
}

TEST(FlowsServer, RefusesThoseBeyondMaxPeers) {
    FlowsPair pair(echo, localTcp(), {.maxPeers = 1});
    pair.onClient(expectFull(pair.clientReactor, pair.address));
}

asio::awaitable<void> count(Peer peer, int* sum) {
    for (int expected = 0;; ++expected) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode != OpCode::Signal) co_return;
        EXPECT_EQ(message->body.view(), std::to_string(expected));
        ++*sum;
    }
}

/// Asks and waits for an answer that never comes, instead of receiving.
asio::awaitable<void> neglect(Peer peer, std::promise<std::string>* why) {
    std::string reason;
    try {
        co_await peer.request(peer.newMessage(), patience);
    } catch (const Error& error) {
        reason = error.what();
    }
    why->set_value(reason);
}

asio::awaitable<void> sendUntilClosed(Ampe& engine, Address address) {
    const Peer peer = co_await flows::connect(engine, address);
    error_code ec;
    while (!ec)
        ec = co_await codeOf(peer.send(peer.newMessage(OpCode::Signal, "x")));
    EXPECT_EQ(ec, Status::ChannelClosed);
}

TEST(FlowsServer, ClosesAPeerOfWhichTooMuchWaits) {
    Reactor reactor;
    Server server(reactor, {localTcp()}, {.maxWaiting = 20});
    std::promise<std::string> why;
    std::atomic<int> visitors{0};
    const flows::Handler handler = [&](Peer peer) {
        return ++visitors == 1 ? neglect(std::move(peer), &why) : echo(std::move(peer));
    };
    Running serving(reactor.executor(), server.serve(handler));
    Reactor clients;
    const Address address = server.addresses().front();
    run(clients.executor(), sendUntilClosed(clients, address));
    const std::string reason = why.get_future().get();
    EXPECT_NE(reason.find("too many messages waited"), std::string::npos) << reason;
    run(clients.executor(), visit(clients, address));
    bool isClean = false;
    run(reactor.executor(), stopServer(&server, patience, &isClean));
    EXPECT_TRUE(isClean);
    EXPECT_EQ(server.counters().overruns, 1U);
}

TEST(FlowsServer, GetsWhatAClientSendsBeforeItsHelloIsAnswered) {
    int sum = 0;
    const flows::Handler handler = [&sum](Peer peer) { return count(std::move(peer), &sum); };
    FlowsPair pair(handler);
    Party party(pair.clientReactor);
    const ChannelNumber channel = party.sayHello(clientAddressOf(pair.address)).channelNumber;
    for (int i = 0; i < 100; ++i)
        party.post(OpCode::Signal, channel, std::to_string(i));
    party.post(OpCode::ByeRequest, channel);
    party.next(OpCode::HelloResponse);
    party.next(OpCode::ByeResponse);
    EXPECT_TRUE(eventually([&] { return pair.server->counters().peers == 0; }));
    EXPECT_EQ(sum, 100);
}

asio::awaitable<void> keepState(Peer peer) {
    std::string all;
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode != OpCode::Request) continue;
        all += message->body.view();
        co_await peer.respond(std::move(message), all);
    }
}

asio::awaitable<void> tellTwice(flows::PeerGroup group, Address address, int number, int* right) {
    const Peer peer = co_await group.connect(address);
    const std::string text = std::to_string(number) + ";";
    co_await peer.request(peer.newMessage(OpCode::Request, text), patience);
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, text), patience);
    if (answer->body.view() == text + text) ++*right;
}

TEST(FlowsServer, KeepsManyClientsApart) {
    FlowsPair pair(keepState, UdsServerAddress{});
    constexpr int clients = 200;
    int right = 0;
    {
        const flows::PeerGroup group(pair.clientReactor);
        std::vector<Running> running;
        for (int i = 0; i < clients; ++i)
            running.emplace_back(pair.clientReactor.executor(), tellTwice(group, pair.address, i, &right));
    }
    EXPECT_EQ(right, clients);
    EXPECT_TRUE(eventually([&] { return pair.server->counters().peers == 0; }));
    EXPECT_EQ(pair.server->counters().accepted, static_cast<std::uint64_t>(clients));
}

asio::awaitable<void> cancelServe(Server* server, Reactor* reactor, Address address) {
    std::optional<Peer> peer;
    const auto use = [](Reactor* engine, Address where, std::optional<Peer>* kept) -> asio::awaitable<void> {
        kept->emplace(co_await flows::connect(*engine, where));
        co_await expectEcho(**kept);
    };
    auto first = co_await (server->serve(echo) || use(reactor, address, &peer));
    EXPECT_EQ(first.index(), 1U);
    co_await expectEcho(*peer);
    const bool isClean = co_await server->stop(patience);
    EXPECT_TRUE(isClean);
}

TEST(FlowsServer, CancelledServeLeavesTheHandlersToStop) {
    Reactor reactor;
    Server server(reactor, {localTcp()});
    const Address address = server.addresses().front();
    run(reactor.executor(), cancelServe(&server, &reactor, address));
}

}  // namespace
}  // namespace tempeh::test
