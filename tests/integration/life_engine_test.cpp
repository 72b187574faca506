// docs/concepts/threads.md, shutdown.md and options.md: where engines live and how they are set up.

#include "support/engine_fixture.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <gmock/gmock.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <future>
#include <limits>

namespace tempeh::test {
namespace {

using testing::HasSubstr;

/// Threads that run a context until this goes.
class Running {
public:
    Running(asio::io_context& context, int threads) : context_(context), work_(context.get_executor()) {
        for (int i = 0; i < threads; ++i)
            threads_.emplace_back([this] { context_.run(); });
    }
    ~Running() {
        work_.reset();
        context_.stop();
        for (std::thread& thread : threads_)
            thread.join();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

private:
    asio::io_context& context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::vector<std::thread> threads_;
};

/// Hello, many requests both ways at once, bye.
void exchange(Party& server, Party& client) {
    const Listening listening = server.listen(localTcp());
    const BinaryHeader hello = client.sayHello(listening.address);
    const ChannelNumber atServer = server.acceptHello();
    client.next(OpCode::HelloResponse);
    constexpr int count = 500;
    auto echo = std::async(std::launch::async, [&server] {
        for (int i = 0; i < count; ++i) {
            MessagePtr message = server.next(OpCode::Request);
            message->header.opCode = OpCode::Response;
            server.post(std::move(message));
        }
    });
    for (int i = 0; i < count; ++i)
        client.post(OpCode::Request, hello.channelNumber, std::to_string(i));
    for (int i = 0; i < count; ++i)
        ASSERT_EQ(client.next(OpCode::Response)->body.view(), std::to_string(i));
    echo.get();
    client.post(OpCode::ByeRequest, hello.channelNumber);
    server.next(OpCode::ByeRequest);
    server.nextClosed(atServer);
    client.next(OpCode::ByeResponse);
    client.nextClosed(hello.channelNumber);
    server.post(OpCode::ByeSignal, listening.channel);
    server.nextClosed(listening.channel);
}

class ExternalContext : public testing::TestWithParam<int> {};

TEST_P(ExternalContext, CarriesSeveralReactors) {
    asio::io_context context;
    Reactor first(context);
    Reactor second(context);
    Party server(first);
    Party client(second);
    const Running running(context, GetParam());
    exchange(server, client);
    EXPECT_TRUE(first.shutdown(patience).complete);
    EXPECT_TRUE(second.shutdown(patience).complete);
}

INSTANTIATE_TEST_SUITE_P(Threads, ExternalContext, testing::Values(1, 4));

TEST(ExternalContext, StartsNoThread) {
    asio::io_context context;
    Reactor reactor(context);
    Party party(reactor);
    party.sayHello(localTcp());
    EXPECT_EQ(party.channels.tryReceive(), nullptr);
    while (party.group.stats().pending == 0)  // this thread is the only one there is
        context.run_one();
    EXPECT_EQ(party.channels.tryReceive()->header.opCode, OpCode::WelcomeResponse);
}

TEST(Reactors, SeveralLiveInOneProcess) {
    std::vector<std::unique_ptr<Side>> sides;
    for (int i = 0; i < 4; ++i)
        sides.push_back(std::make_unique<Side>());
    std::vector<std::future<void>> exchanges;
    for (std::size_t i = 0; i < 4; i += 2)
        exchanges.push_back(
            std::async(std::launch::async, [&sides, i] { exchange(sides[i]->party, sides[i + 1]->party); }));
    for (std::future<void>& one : exchanges)
        one.get();
    for (const auto& side : sides)
        EXPECT_EQ(side->reactor.stats().channels, 0U);
}

TEST(Reactors, OneCanTalkToItself) {
    Reactor reactor;
    Party server(reactor);
    Party client(reactor);
    exchange(server, client);
}

TEST(Reactors, AMessageOfOneMayBePostedThroughAnother) {
    Link link;
    Reactor stranger;
    MessagePtr message = stranger.get();
    message->header.opCode = OpCode::Signal;
    message->header.channelNumber = link.atClient;
    message->body.append("from elsewhere");
    link.client->post(std::move(message));
    EXPECT_EQ(link.server->next(OpCode::Signal)->body.view(), "from elsewhere");
}

TEST(Ampe, IsAllThatCodeNeeds) {
    Reactor reactor;
    Ampe& engine = reactor;
    Party server(engine);
    Party client(engine);
    exchange(server, client);
    engine.put(engine.get());
    EXPECT_EQ(engine.stats().groups, 2U);
    EXPECT_TRUE(engine.shutdown(patience).complete);
}

/// The echo server of docs/concepts/channel_group.md, beside the sockets.
asio::awaitable<void> echoOnce(Reactor& reactor, std::promise<Address>& bound) {
    ChannelGroup group = reactor.createGroup();
    MessagePtr welcome = reactor.get();
    TcpServerAddress{"127.0.0.1", 0}.format(*welcome);
    group.post(std::move(welcome));
    for (int answers = 0; answers < 2;) {
        MessagePtr message = co_await group.waitReceive(patience);
        if (!message) co_return;
        if (message->header.opCode == OpCode::WelcomeResponse) bound.set_value(parseAddress(*message));
        if (message->isFromEngine()) continue;
        message->header.opCode =
            message->header.opCode == OpCode::HelloRequest ? OpCode::HelloResponse : OpCode::Response;
        group.post(std::move(message));
        ++answers;
    }
}

TEST(Reactor, RunsCoroutinesBesideTheSockets) {
    Side client;
    Reactor reactor;
    std::promise<Address> bound;
    std::promise<void> done;
    asio::co_spawn(reactor.executor(), echoOnce(reactor, bound),
                   [&done](const std::exception_ptr&) { done.set_value(); });
    const BinaryHeader hello = client->sayHello(clientAddressOf(bound.get_future().get()));
    client->next(OpCode::HelloResponse);
    client->post(OpCode::Request, hello.channelNumber, "once");
    EXPECT_EQ(client->next(OpCode::Response)->body.view(), "once");
    done.get_future().wait();
    client->nextClosed(hello.channelNumber);  // the group went with its coroutine
}

TEST(Options, OutOfRangeThrowNamingFieldAndValue) {
    constexpr Duration negative = -1ms;
    const std::vector<std::pair<std::string, Options>> wrong{
        {"maxPoolMessages = 0", {.initialPoolMessages = 0, .maxPoolMessages = 0}},
        {"maxPoolMessages = 16777217", {.maxPoolMessages = 16'777'217}},
        {"initialPoolMessages = 11", {.initialPoolMessages = 11, .maxPoolMessages = 10}},
        {"connectTimeout", {.connectTimeout = 0ms}},
        {"helloTimeout", {.helloTimeout = negative}},
        {"maxChannels = 0", {.maxChannels = 0}},
        {"maxChannels = 65535", {.maxChannels = 65'535}},
        {"sendQueueMessages = 0", {.sendQueueMessages = 0}},
        {"sendQueueBytes = 0", {.sendQueueBytes = 0}},
        {"byeTimeout", {.byeTimeout = 999us}},
        {"lingerTimeout", {.lingerTimeout = negative}},
        {"busyPoll", {.busyPoll = negative}},
        {"sendBufferBytes = -1", {.sendBufferBytes = -1}},
        {"receiveBufferBytes = -1", {.receiveBufferBytes = -1}},
        {"listenBacklog = 0", {.listenBacklog = 0}},
        {"tcpKeepAliveIdle", {.tcpKeepAliveIdle = 999us}},
        {"tcpKeepAliveInterval", {.tcpKeepAliveInterval = 40'000s}},
        {"tcpKeepAliveProbes = 128", {.tcpKeepAliveProbes = 128}},
        {"tcpUserTimeout", {.tcpUserTimeout = negative}},
        {"tcpLocalAddress = localhost", {.tcpLocalAddress = "localhost"}},
    };
    asio::io_context context;
    for (const auto& [text, options] : wrong) {
        for (const bool ownThread : {true, false}) {
            try {
                if (ownThread)
                    Reactor reactor(options);
                else
                    Reactor reactor(context, options);
                ADD_FAILURE() << text << " was accepted";
            } catch (const Error& error) {
                EXPECT_EQ(error.status(), Status::InvalidOption);
                EXPECT_THAT(error.what(), HasSubstr("Options::" + text));
            }
        }
    }
}

TEST(Options, TheEndsOfTheRangesWork) {
    Options options{.initialPoolMessages = 0, .maxChannels = 2};
    options.connectTimeout = options.helloTimeout = options.byeTimeout = Duration::max();
    options.lingerTimeout = 0s;
    options.sendQueueBytes = options.sendQueueMessages = std::numeric_limits<std::size_t>::max();
    Side server(options);
    Side client(options);
    exchange(server.party, client.party);
}

TEST(Options, BusyPollExchangesAsWell) {
    Side server(Options{.busyPoll = 200us});
    Side client(Options{.busyPoll = 200us});
    exchange(server.party, client.party);
}

struct Captured {
    std::ostringstream text;
    std::shared_ptr<spdlog::logger> logger =
        std::make_shared<spdlog::logger>("captured", std::make_shared<spdlog::sinks::ostream_sink_mt>(text));
};

/// Ends channels in ordinary ways, and turns one connection away at the limit, which is worth a warning.
void makeNoise(const std::shared_ptr<spdlog::logger>& logger) {
    Side server(Options{.maxChannels = 2, .logger = logger});
    Side client;
    const Listening listening = server->listen(localTcp());
    const BinaryHeader hello = client->sayHello(listening.address);
    const ChannelNumber atServer = server->acceptHello();
    client->sayHello(listening.address);
    server->waitFor(OpCode::Signal, Status::AcceptFailed);
    client->post(OpCode::ByeSignal, hello.channelNumber);
    server->nextClosed(atServer);
}

TEST(Logger, InjectedReceivesWhatTheEngineSays) {
    Captured captured;
    captured.logger->set_level(spdlog::level::debug);
    makeNoise(captured.logger);
    const std::string text = captured.text.str();
    EXPECT_THAT(text, HasSubstr("cannot accept"));
    EXPECT_THAT(text, HasSubstr("[warning]"));
    EXPECT_THAT(text, HasSubstr("[debug]"));
    EXPECT_THAT(text, HasSubstr("the peer closed the connection"));
}

TEST(Logger, DefaultWritesToStandardErrorFromWarnUp) {
    testing::internal::CaptureStderr();
    makeNoise(nullptr);
    const std::string text = testing::internal::GetCapturedStderr();
    EXPECT_THAT(text, HasSubstr("cannot accept"));
    EXPECT_THAT(text, testing::Not(HasSubstr("[debug]")));
    EXPECT_THAT(text, testing::Not(HasSubstr("[info]")));
}

TEST(Logger, DefaultIsSilentBelowWarn) {
    testing::internal::CaptureStderr();
    {
        Side server;
        Side client;
        exchange(server.party, client.party);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace tempeh::test
