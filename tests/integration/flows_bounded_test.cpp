// Nothing waits for ever: calls that block on an engine that nobody runs, and coroutines that wait for either
// of two things.

#include "support/echo_service.hpp"
#include "support/flows_fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

namespace tempeh::test {
namespace {

using flows::Peer;
using namespace asio::experimental::awaitable_operators;

constexpr std::string_view silent = "no thread runs its context";

template <typename Call>
std::string whatOf(Call call) {
    try {
        call();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

/// An engine on a context that nobody runs.
class OnIdleContext : public ::testing::Test {
protected:
    static void expectSilent(const std::string& what, std::string_view where) {
        EXPECT_NE(what.find(silent), std::string::npos) << what;
        EXPECT_NE(what.find(where), std::string::npos) << what;
    }

    asio::io_context context_;
    Reactor reactor_{context_};
};

TEST_F(OnIdleContext, AServerTellsNoAddressInTime) {
    const flows::Server server(reactor_, {localTcp()});
    expectSilent(whatOf([&] { server.addresses(10ms); }), "tcp|127.0.0.1|0");
}

TEST_F(OnIdleContext, ConnectingTimesOut) {
    const flows::ConnectOptions options{.timeout = 10ms};
    expectSilent(whatOf([&] { flows::connectBlocking(reactor_, "tcp|127.0.0.1|1", options); }),
                 "tcp|127.0.0.1|1");
}

TEST_F(OnIdleContext, AConnectionThatComesTooLateIsClosed) {
    FlowsPair pair(echo);
    const flows::ConnectOptions options{.timeout = 10ms};
    EXPECT_THROW(flows::connectBlocking(reactor_, pair.address, options), Error);
    EXPECT_TRUE(eventually([this] {
        context_.restart();
        context_.run_for(1ms);  // its deadline has passed long ago
        return reactor_.stats().channels == 0;
    }));
}

TEST_F(OnIdleContext, AMultiHomedServerDoesNotBegin) {
    EchoService service;
    expectSilent(whatOf([&] { const flows::ServiceThread server(reactor_, {localTcp()}, service, 10ms); }),
                 "");
}

TEST_F(OnIdleContext, TheCoresWaitsEndInTime) {
    ChannelGroup group = reactor_.createGroup();
    const BlockingChannelGroup channels = group.blocking();
    MessagePtr hello = reactor_.get();
    format(TcpClientAddress{"127.0.0.1", 1}, *hello);
    const ChannelNumber channel = channels.post(std::move(hello)).channelNumber;
    EXPECT_EQ(channels.waitReceive(1ms), nullptr);
    error_code ec;
    while (!ec) {
        MessagePtr signal = reactor_.get();
        signal->header.opCode = OpCode::Signal;
        signal->header.channelNumber = channel;
        channels.post(std::move(signal), ec);
    }
    EXPECT_EQ(ec, Status::SendQueueFull);
    EXPECT_FALSE(channels.waitWritable(channel, 1ms));
}

TEST_F(OnIdleContext, ShutdownReportsIt) {
    const ChannelGroup group = reactor_.createGroup();
    const ShutdownReport report = reactor_.shutdown(10ms);
    EXPECT_FALSE(report.complete);
    ASSERT_EQ(report.blocked.size(), 1U);
    expectSilent(report.blocked.front(), "");
}

TEST_F(OnIdleContext, ClosingGivesUp) {
    FlowsPair pair(echo);
    std::optional<flows::BlockingPeer> peer;
    {
        const auto work = asio::make_work_guard(context_);
        std::thread runner([this] { context_.run(); });
        peer.emplace(flows::connectBlocking(reactor_, pair.address));
        context_.stop();
        runner.join();
    }
    expectSilent(whatOf([&] { peer->close(); }), "closing channel");
}

/// Does not come back from a message until it is let go.
class StuckService final : public flows::Service {
public:
    bool onMessage(MessagePtr&) override {
        entered.set_value();
        mayLeave.get_future().wait();
        return false;
    }

    std::promise<void> entered;
    std::promise<void> mayLeave;
};

TEST(MultiHomedStop, SaysThatTheServiceDoesNotComeBack) {
    Reactor reactor;
    StuckService service;
    flows::ServiceThread server(reactor, {localTcp()}, service);
    Party client(reactor);
    client.sayHello(flows::clientAddressOf(server.addresses().front()));
    service.entered.get_future().wait();
    EXPECT_FALSE(server.stop(0ms));
    service.mayLeave.set_value();
    EXPECT_TRUE(server.stop(patience));
    EXPECT_FALSE(server.isRunning());
}

/// Null and the reason at the end.
asio::awaitable<void> receiveOrSleep(Peer peer, error_code* end) {
    auto result = co_await (peer.receive(infinite, *end) || peer.sleep(24h));
    EXPECT_EQ(result.index(), 0U);
    EXPECT_EQ(std::get<0>(result) == nullptr, end->failed());
}

TEST(ReceiveOrTimer, EndsWithThePeersChannel) {
    FlowsPair pair([](Peer) -> asio::awaitable<void> { co_return; });
    const Peer peer = pair.connect();
    error_code end;
    pair.onClient(receiveOrSleep(peer, &end));  // the bye, which may come before the end
    if (!end) pair.onClient(receiveOrSleep(peer, &end));
    EXPECT_EQ(end, Status::ChannelClosed);
    EXPECT_NE(peer.endReason(), "");
}

asio::awaitable<void> linkOrSleep(flows::ReconnectingPeer link, error_code* end) {
    auto result = co_await (link.receive(infinite, *end) || link.sleep(24h));
    EXPECT_EQ(result.index(), 0U);
}

TEST(ReceiveOrTimer, EndsWithTheLink) {
    const flows::AcceptHook no = [](flows::Hello&) { return std::uint8_t{7}; };
    FlowsPair pair(echo, localTcp(), {.accept = no});
    const flows::ReconnectingPeer link(pair.clientReactor, pair.address);
    error_code end;
    pair.onClient(linkOrSleep(link, &end));
    EXPECT_EQ(end, error_code(7, flows::refusalCategory()));
    EXPECT_NE(link.endReason(), "");
}

asio::awaitable<void> groupOrTimer(ChannelGroup* group, asio::steady_timer* timer, error_code* end) {
    auto received = group->waitReceive(asio::as_tuple(asio::use_awaitable));
    auto result = co_await (std::move(received) || timer->async_wait(asio::use_awaitable));
    EXPECT_EQ(result.index(), 0U);
    if (result.index() == 0) *end = std::get<0>(std::get<0>(result));
}

TEST(ReceiveOrTimer, EndsWithTheEngineWhenItReceivesATuple) {
    Reactor reactor;
    ChannelGroup group = reactor.createGroup();
    asio::io_context context;
    asio::steady_timer timer(context, 24h);
    error_code end;
    Running receiving(context.get_executor(), groupOrTimer(&group, &timer, &end));
    std::thread thread([&context] { context.run(); });
    reactor.shutdown(patience);
    receiving.join();
    thread.join();
    EXPECT_EQ(end, Status::ShutdownStarted);
}

}  // namespace
}  // namespace tempeh::test
