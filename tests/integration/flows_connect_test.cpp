// connect(): attempts, timeouts, refusals, and what a hello carries each way.

#include "support/flows_fixture.hpp"
#include "support/raw_server.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <unistd.h>

namespace tempeh::test {
namespace {

using flows::ConnectOptions;
using flows::Hello;
using flows::Peer;
using flows::Refused;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> greet(Ampe& engine, Address address) {
    const TextHeader headers[] = {{"app", "spooler"}, {"version", "3"}};
    const ConnectOptions options{.headers = headers, .body = "capabilities"};
    const Peer peer = co_await flows::connect(engine, address, options);
    EXPECT_EQ(valueOf(*peer.hello(), "welcome"), "yes");
    co_await expectEcho(peer);
}

TEST(FlowsConnect, CarriesHeadersAndBodyBothWays) {
    std::promise<std::string> seen;
    std::optional<PeerCredentials> credentials;
    const flows::AcceptHook hook = [&](Hello& hello) {
        hello.response.textHeaders.append("welcome", "yes");
        credentials = hello.channel.peerCredentials;
        seen.set_value(valueOf(hello.request, "app") + valueOf(hello.request, "version") +
                       std::string(hello.request.body.view()));
        return std::uint8_t{0};
    };
    FlowsPair pair(echo, UdsServerAddress{}, {.accept = hook});
    pair.onClient(greet(pair.clientReactor, pair.address));
    EXPECT_EQ(seen.get_future().get(), "spooler3capabilities");
    ASSERT_TRUE(credentials);
    EXPECT_EQ(credentials->pid, ::getpid());
    EXPECT_EQ(credentials->uid, ::getuid());
}

TEST(FlowsConnect, ShowsTheHelloToTheHandler) {
    std::promise<std::string> seen;
    const flows::Handler handler = [&seen](Peer peer) -> asio::awaitable<void> {
        seen.set_value(valueOf(*peer.hello(), "app"));
        co_await echo(peer);
    };
    const flows::AcceptHook hook = [](Hello& hello) {
        hello.response.textHeaders.append("welcome", "yes");
        return std::uint8_t{0};
    };
    FlowsPair pair(handler, localTcp(), {.accept = hook});
    pair.onClient(greet(pair.clientReactor, pair.address));
    EXPECT_EQ(seen.get_future().get(), "spooler");
}

asio::awaitable<void> expectRefusal(Ampe& engine, Address address, std::uint8_t status) {
    int raw = -1;
    try {
        co_await flows::connect(engine, address);
    } catch (const Refused& refused) {
        raw = refused.rawStatus();
    }
    EXPECT_EQ(raw, status);
}

TEST(FlowsConnect, IsRefusedWithTheStatusTheServerGave) {
    const flows::AcceptHook hook = [](Hello&) { return std::uint8_t{200}; };
    FlowsPair pair(echo, localTcp(), {.accept = hook});
    pair.onClient(expectRefusal(pair.clientReactor, pair.address, 200));
    EXPECT_EQ(pair.server->counters().refused, 1U);
    EXPECT_EQ(pair.server->counters().accepted, 0U);
}

TEST(FlowsConnect, IsRefusedWhenTheHookThrows) {
    const flows::AcceptHook hook = [](Hello&) -> std::uint8_t { throw std::runtime_error("no idea"); };
    FlowsPair pair(echo, localTcp(), {.accept = hook});
    pair.onClient(
        expectRefusal(pair.clientReactor, pair.address, static_cast<std::uint8_t>(Status::ProcessingFailed)));
}

asio::awaitable<void> insist(Ampe& engine, Address address) {
    const ConnectOptions options{.attempts = 0, .backoff = {.initial = 1ms}, .retryRefused = true};
    const Peer peer = co_await flows::connect(engine, address, options);
    co_await expectEcho(peer);
}

TEST(FlowsConnect, TriesAgainAfterARefusalIfAskedTo) {
    int knocks = 0;
    const flows::AcceptHook hook = [&knocks](Hello&) { return std::uint8_t(++knocks < 4 ? 1 : 0); };
    FlowsPair pair(echo, localTcp(), {.accept = hook});
    pair.onClient(insist(pair.clientReactor, pair.address));
    EXPECT_EQ(knocks, 4);
}

asio::awaitable<void> expectFailure(Ampe& engine, std::string address, ConnectOptions options,
                                    Status status) {
    const error_code ec = co_await codeOf(flows::connect(engine, std::string_view(address), options));
    EXPECT_EQ(ec, status) << address;
}

TEST(FlowsConnect, FailsAtOnceWithOneAttempt) {
    Reactor reactor;
    const std::string nobody = "tcp|127.0.0.1|" + std::to_string(findFreeTcpPort());
    run(reactor.executor(), expectFailure(reactor, nobody, {}, Status::ConnectFailed));
    const std::string nowhere = "uds|" + temporaryUdsPath();
    run(reactor.executor(), expectFailure(reactor, nowhere, {}, Status::UdsPathNotFound));
}

TEST(FlowsConnect, GivesUpAfterTheLastAttempt) {
    Reactor reactor;
    const std::string nobody = "tcp|127.0.0.1|" + std::to_string(findFreeTcpPort());
    const ConnectOptions options{.attempts = 3, .backoff = {.initial = 1ms}};
    run(reactor.executor(), expectFailure(reactor, nobody, options, Status::ConnectFailed));
}

TEST(FlowsConnect, DoesNotRetryWhatCannotGetBetter) {
    Reactor reactor;
    const ConnectOptions options{.attempts = 0};
    EXPECT_THROW((void)flows::connect(reactor, "tcp|127.0.0.1|99999", options), Error);
    EXPECT_THROW((void)flows::connect(reactor, "pigeon|coop", options), Error);
    EXPECT_THROW((void)flows::connect(reactor, "tcp|a\nb|1", options), Error);
}

TEST(FlowsConnect, TimesOutWhenTheHelloIsNotAnswered) {
    Reactor reactor;
    RawServer silent;
    const std::string address = "tcp|127.0.0.1|" + std::to_string(silent.port());
    const ConnectOptions options{.attempts = 0, .timeout = 20ms};
    run(reactor.executor(), expectFailure(reactor, address, options, Status::ConnectFailed));
    EXPECT_TRUE(eventually([&] { return reactor.stats().groups == 0; })) << "the attempt is still there";
}

// A tofu server refuses a hello with a ByeSignal.
TEST(FlowsConnect, TakesTheNoOfATofuServerForAnAnswer) {
    Reactor reactor;
    RawServer server;
    const std::string address = "tcp|127.0.0.1|" + std::to_string(server.port());
    std::thread refusing([&server] {
        RawPeer peer = server.accept();
        const BinaryHeader hello = peer.readFrame();
        peer.write({.channelNumber = 1, .opCode = OpCode::ByeSignal, .messageId = hello.messageId});
        EXPECT_TRUE(peer.readsEnd());
    });
    const ConnectOptions options{.attempts = 0, .timeout = infinite};
    run(reactor.executor(), expectFailure(reactor, address, options, Status::NotAllowed));
    refusing.join();
}

asio::awaitable<void> cancelConnect(Ampe& engine, std::string address) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 5ms);
    const ConnectOptions options{.attempts = 0, .timeout = infinite};
    auto first = co_await (flows::connect(engine, std::string_view(address), options) ||
                           timer.async_wait(asio::use_awaitable));
    EXPECT_EQ(first.index(), 1U);
}

TEST(FlowsConnect, CanBeCancelledAtTheHelloAndInBetween) {
    Reactor reactor;
    RawServer silent;
    run(reactor.executor(), cancelConnect(reactor, "tcp|127.0.0.1|" + std::to_string(silent.port())));
    run(reactor.executor(), cancelConnect(reactor, "uds|" + temporaryUdsPath()));
    EXPECT_TRUE(eventually([&] { return reactor.stats().groups == 0; }));
}

TEST(FlowsConnect, WaitsForAServerThatComesLater) {
    Reactor engine;
    const std::string path = temporaryUdsPath();
    Reactor client;
    Running connecting(client.executor(), insist(client, UdsClientAddress{path}));
    ASSERT_TRUE(eventually([&] { return client.stats().groups == 1; }));
    flows::Server server(engine, {UdsServerAddress{path}});
    const Running serving(engine.executor(), server.serve(echo));
    connecting.join();
    run(engine.executor(),
        [](flows::Server* stopped) -> asio::awaitable<void> { co_await stopped->stop(patience); }(&server));
}

asio::awaitable<void> connectThree(Ampe& engine, Address address) {
    const flows::PeerGroup group(engine);
    std::vector<Peer> peers;
    for (int i = 0; i < 3; ++i)
        peers.push_back(co_await group.connect(address));
    EXPECT_EQ(group.stats().channels, 3U);
    EXPECT_EQ(engine.stats().groups, 1U);
    for (const Peer& peer : peers)
        co_await expectEcho(peer);
}

TEST(FlowsConnect, PutsSeveralPeersIntoOneGroup) {
    FlowsPair pair(echo);
    pair.onClient(connectThree(pair.clientReactor, pair.address));
}

TEST(FlowsAddress, OfAServerIsUnderstoodByClients) {
    EXPECT_EQ(flows::clientAddressOf(TcpServerAddress{"", 5}), Address(TcpClientAddress{"127.0.0.1", 5}));
    EXPECT_EQ(flows::clientAddressOf(TcpServerAddress{"::", 5}), Address(TcpClientAddress{"::1", 5}));
    EXPECT_EQ(flows::clientAddressOf(TcpServerAddress{"10.0.0.1", 5}),
              Address(TcpClientAddress{"10.0.0.1", 5}));
    EXPECT_EQ(flows::clientAddressOf(UdsServerAddress{"/a"}), Address(UdsClientAddress{"/a"}));
    EXPECT_EQ(flows::clientAddressOf(TcpClientAddress{"h", 5}), Address(TcpClientAddress{"h", 5}));
    EXPECT_EQ(flows::parseClientAddress("uds|/a"), Address(UdsClientAddress{"/a"}));
}

}  // namespace
}  // namespace tempeh::test
