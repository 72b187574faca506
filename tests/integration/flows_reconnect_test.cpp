// ReconnectingPeer: a link that outlives its server, and loses nothing silently.

#include "support/flows_fixture.hpp"
#include "support/raw_server.hpp"

#include <mutex>

namespace tempeh::test {
namespace {

using flows::LinkState;
using flows::Peer;
using flows::ReconnectingPeer;
using flows::ReconnectOptions;
using flows::Server;
using flows::Unanswered;

constexpr flows::Backoff quick{.initial = 1ms, .max = 10ms};

/// A server that can be started at the same address again and again.
class Restarting {
public:
    void start(flows::Handler handler, flows::ServerOptions options = {}) {
        server_.emplace(reactor_, std::vector<Address>{UdsServerAddress{path_}}, std::move(options));
        server_->addresses();
        serving_.emplace(reactor_.executor(), server_->serve(std::move(handler)));
    }
    void stop() {
        server_.reset();
        serving_.reset();
    }
    ~Restarting() { stop(); }
    Address address() const { return UdsClientAddress{path_}; }

private:
    const std::string path_ = temporaryUdsPath();
    Reactor reactor_;
    std::optional<Server> server_;
    std::optional<Running> serving_;
};

class FlowsReconnect : public ::testing::Test {
protected:
    ReconnectingPeer link(ReconnectOptions options = {}) {
        options.backoff = quick;
        return ReconnectingPeer(client_, server_.address(), std::move(options));
    }
    void onClient(asio::awaitable<void> body) { run(client_.executor(), std::move(body)); }

    Restarting server_;
    Reactor client_;
};

asio::awaitable<void> expectEchoOver(ReconnectingPeer link, std::string text) {
    const MessagePtr answer = co_await link.request(link.newMessage(OpCode::Request, text), patience);
    EXPECT_EQ(answer->body.view(), text);
}

asio::awaitable<void> expectNews(ReconnectingPeer link, OpCode opCode, bool isFromEngine) {
    const MessagePtr news = co_await link.receive(patience);
    EXPECT_EQ(news->header.opCode, opCode) << dump(*news);
    EXPECT_EQ(news->isFromEngine(), isFromEngine) << dump(*news);
    EXPECT_EQ(news->status(), isFromEngine ? Status::ChannelClosed : Status::Success);
}

TEST_F(FlowsReconnect, TellsItsStatesInBand) {
    const ReconnectingPeer link = this->link();
    EXPECT_EQ(link.state(), LinkState::Connecting);
    for (int i = 0; i < 3; ++i) {
        server_.start(echo);
        onClient(expectEchoOver(link, "hi"));
        EXPECT_EQ(link.state(), LinkState::Connected);
        onClient(expectNews(link, OpCode::HelloResponse, false));
        server_.stop();
        onClient(expectNews(link, OpCode::Signal, true));
        EXPECT_NE(link.state(), LinkState::Closed);
    }
    EXPECT_EQ(link.counters().connects, 3U);
    EXPECT_EQ(link.counters().losses, 3U);
    EXPECT_EQ(link.counters().answered, 3U);
}

asio::awaitable<void> expectNoMoreNews(ReconnectingPeer link) {
    const MessagePtr more = co_await link.receive(0s);
    EXPECT_EQ(more, nullptr);
}

TEST_F(FlowsReconnect, HoardsNoNewsThatNobodyReceives) {
    const ReconnectingPeer link = this->link();
    for (std::uint64_t i = 1; i <= 5; ++i) {
        server_.start(echo);
        onClient(expectEchoOver(link, "hi"));
        server_.stop();
        ASSERT_TRUE(eventually([&] { return link.counters().losses == i; }));
    }
    onClient(expectNews(link, OpCode::HelloResponse, false));
    onClient(expectNews(link, OpCode::Signal, true));
    onClient(expectNoMoreNews(link));
}

TEST_F(FlowsReconnect, SaysItsOwnHelloEachTime) {
    std::mutex mutex;
    std::vector<std::string> hellos;
    const flows::AcceptHook hook = [&](flows::Hello& hello) {
        const std::scoped_lock lock(mutex);
        hellos.push_back(valueOf(hello.request, "app") + std::string(hello.request.body.view()) +
                         valueOf(hello.request, "token"));
        return std::uint8_t{0};
    };
    int token = 0;
    const TextHeader headers[] = {{"app", "spooler"}};
    const ReconnectingPeer link =
        this->link({.headers = headers, .body = "/", .prepareHello = [&](Message& hello) {
                        hello.textHeaders.append("token", std::to_string(++token));
                    }});
    for (int i = 0; i < 2; ++i) {
        server_.start(echo, {.accept = hook});
        onClient(expectEchoOver(link, "hi"));
        server_.stop();
    }
    const std::scoped_lock lock(mutex);
    ASSERT_EQ(hellos.size(), 2U);
    for (const std::string& hello : hellos)
        EXPECT_EQ(hello.substr(0, 8), "spooler/");
    EXPECT_NE(hellos[0], hellos[1]) << "the same token";
}

/// Takes one request and never answers it.
asio::awaitable<void> swallow(Peer peer, std::promise<void>* taken) {
    const MessagePtr kept = co_await peer.receive();
    taken->set_value();
    co_await peer.receive();
}

asio::awaitable<void> expectUnanswered(ReconnectingPeer link) {
    const error_code ec = co_await codeOf(link.request(link.newMessage(OpCode::Request, "x"), patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
}

TEST_F(FlowsReconnect, FailsWhatWasNotAnswered) {
    const ReconnectingPeer link = this->link();
    std::promise<void> taken;
    server_.start([&taken](Peer peer) { return swallow(std::move(peer), &taken); });
    Running asking(client_.executor(), expectUnanswered(link));
    taken.get_future().wait();
    server_.stop();
    asking.join();
    EXPECT_EQ(link.counters().failed, 1U);
    server_.start(echo);
    onClient(expectEchoOver(link, "again"));
    EXPECT_EQ(link.counters().sentAgain, 0U);
}

TEST_F(FlowsReconnect, SendsAgainWhatWasNotAnswered) {
    const ReconnectingPeer link = this->link({.unanswered = Unanswered::SendAgain});
    std::promise<void> taken;
    server_.start([&taken](Peer peer) { return swallow(std::move(peer), &taken); });
    Running asking(client_.executor(), expectEchoOver(link, "in the end"));
    taken.get_future().wait();
    server_.stop();
    server_.start(echo);
    asking.join();
    EXPECT_EQ(link.counters().sentAgain, 1U);
    EXPECT_EQ(link.counters().answered, 1U);
    EXPECT_EQ(link.counters().failed, 0U);
}

asio::awaitable<void> expectTimeout(ReconnectingPeer link) {
    const bool isConnected = co_await link.connected(5ms);
    EXPECT_FALSE(isConnected);
    const MessagePtr none = co_await link.request(link.newMessage(), 5ms);
    EXPECT_EQ(none, nullptr);
    const MessagePtr nothing = co_await link.receive(5ms);
    EXPECT_EQ(nothing, nullptr);
}

TEST_F(FlowsReconnect, WaitsForAServerNoLongerThanTold) {
    const ReconnectingPeer link = this->link();
    onClient(expectTimeout(link));
    EXPECT_EQ(link.counters().timedOut, 1U);
    Running asking(client_.executor(), expectEchoOver(link, "late"));
    server_.start(echo);
    asking.join();
}

asio::awaitable<void> closeLink(ReconnectingPeer link, bool hasFarewell) {
    const MessagePtr farewell = co_await link.close();
    EXPECT_EQ(farewell != nullptr, hasFarewell);
    EXPECT_EQ(link.state(), LinkState::Closed);
    error_code ec;
    while (!ec)
        ec = co_await codeOf(link.receive(patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
    const error_code asking = co_await codeOf(link.request(link.newMessage(), patience));
    EXPECT_EQ(asking, Status::ChannelClosed);
    const error_code sending = co_await codeOf(link.send(link.newMessage(OpCode::Signal)));
    EXPECT_EQ(sending, Status::ChannelClosed);
    const MessagePtr again = co_await link.close();
    EXPECT_EQ(again, nullptr);
}

TEST_F(FlowsReconnect, ClosesWhenConnected) {
    server_.start(echo);
    const ReconnectingPeer link = this->link();
    onClient(expectEchoOver(link, "hi"));
    onClient(closeLink(link, true));
    EXPECT_EQ(link.counters().losses, 0U);
}

TEST_F(FlowsReconnect, ClosesWhenItIsNotConnected) {
    const ReconnectingPeer link = this->link();
    Running asking(client_.executor(), expectUnanswered(link));
    ASSERT_TRUE(eventually([&] { return link.counters().failedAttempts > 1; }));
    onClient(closeLink(link, false));
    asking.join();
}

TEST_F(FlowsReconnect, DestroyedLeavesNothingBehind) {
    {
        const ReconnectingPeer connecting = link();
        server_.start(echo);
        const ReconnectingPeer connected = link();
        onClient(expectEchoOver(connected, "hi"));
    }
    EXPECT_TRUE(eventually([&] { return client_.stats().groups == 0; }));
}

asio::awaitable<void> expectEnd(ReconnectingPeer link, error_code status) {
    const error_code asking = co_await codeOf(link.request(link.newMessage(), patience));
    EXPECT_EQ(asking, status);
    error_code ec;
    while (!ec)
        ec = co_await codeOf(link.receive(patience));
    EXPECT_EQ(ec, status);
}

TEST_F(FlowsReconnect, EndsWhenItIsRefused) {
    const flows::AcceptHook hook = [](flows::Hello&) {
        return static_cast<std::uint8_t>(Status::NotAllowed);
    };
    server_.start(echo, {.accept = hook});
    const ReconnectingPeer link = this->link();
    onClient(expectEnd(link, error_code(static_cast<int>(Status::NotAllowed), flows::refusalCategory())));
}

TEST_F(FlowsReconnect, TriesAgainThoughRefusedIfToldTo) {
    int knocks = 0;
    const flows::AcceptHook hook = [&knocks](flows::Hello&) { return std::uint8_t(++knocks < 3); };
    server_.start(echo, {.accept = hook});
    const ReconnectingPeer link = this->link({.retryRefused = true});
    onClient(expectEchoOver(link, "hi"));
}

asio::awaitable<void> expectShutdown(ReconnectingPeer link) {
    const error_code ec = co_await codeOf(link.request(link.newMessage(), patience));
    EXPECT_EQ(ec, Status::ShutdownStarted);
}

TEST_F(FlowsReconnect, EndsWithItsEngine) {
    std::promise<void> taken;
    server_.start([&taken](Peer peer) { return swallow(std::move(peer), &taken); });
    const ReconnectingPeer link = this->link({.unanswered = Unanswered::SendAgain});
    asio::io_context context;
    Running asking(context.get_executor(), expectShutdown(link));
    std::thread thread([&context] { context.run(); });
    taken.get_future().wait();
    client_.shutdown(patience);
    asking.join();
    thread.join();
    EXPECT_EQ(link.state(), LinkState::Closed);
}

TEST(FlowsReconnectHeartbeat, GivesASilentConnectionUpAndConnectsAgain) {
    RawServer silent;
    Reactor client;
    const ReconnectingPeer link(client, TcpClientAddress{"127.0.0.1", silent.port()},
                                {.backoff = quick, .heartbeat = {.interval = 5ms, .silence = 20ms}});
    RawPeer first = silent.accept();
    first.acceptHello("heartbeat:server-answers\r\n");
    Running asking(client.executor(), expectUnanswered(link));
    RawPeer second = silent.accept();
    second.acceptHello();
    asking.join();
    EXPECT_GE(link.counters().losses, 1U);
}

asio::awaitable<void> askTheClient(Peer peer) {
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "who?"), patience);
    co_await peer.send(peer.newMessage(OpCode::Signal, answer->body.view()));
    co_await echo(peer);
}

asio::awaitable<void> answerTheServer(ReconnectingPeer link, MessagePtr* kept) {
    co_await expectNews(link, OpCode::HelloResponse, false);
    MessagePtr question = co_await link.receive(patience);
    EXPECT_EQ(question->body.view(), "who?");
    if (kept != nullptr) {
        *kept = std::move(question);
        co_return;
    }
    question->body.assign("Ada");
    co_await link.respond(std::move(question));
    const MessagePtr told = co_await link.receive(patience);
    EXPECT_EQ(told->body.view(), "Ada");
}

TEST_F(FlowsReconnect, AnswersOnTheConnectionThatAsked) {
    server_.start(askTheClient);
    const ReconnectingPeer link = this->link();
    onClient(answerTheServer(link, nullptr));
    server_.stop();
    onClient(expectNews(link, OpCode::Signal, true));
    server_.start(askTheClient);
    MessagePtr kept;
    onClient(answerTheServer(link, &kept));
    server_.stop();
    onClient(expectNews(link, OpCode::Signal, true));
    server_.start(echo);
    onClient(expectEchoOver(link, "hi"));
    EXPECT_THROW((void)link.respond(std::move(kept)), Error);
}

asio::awaitable<void> sendNumbered(ReconnectingPeer link, int count) {
    for (int i = 0; i < count; ++i) {
        MessagePtr signal = link.newMessage(OpCode::Signal, std::to_string(i) + " ");
        signal->body.append(std::string(10'000, '.'));
        co_await link.send(std::move(signal));
    }
}

asio::awaitable<void> collectNumbers(Peer peer, int last, std::promise<std::vector<int>>* result) {
    std::vector<int> numbers;
    while (numbers.empty() || numbers.back() != last) {
        const MessagePtr signal = co_await peer.receive();
        numbers.push_back(std::stoi(std::string(signal->body.view())));
    }
    result->set_value(numbers);
}

TEST(FlowsReconnectSignals, ThatWereNotSentGoToTheNextConnectionInOrder) {
    constexpr int count = 150;
    Reactor client(Options{.sendBufferBytes = RawServer::bufferBytes});
    auto deaf = std::make_unique<RawServer>();
    const std::uint16_t port = deaf->port();
    const ReconnectingPeer link(client, TcpClientAddress{"127.0.0.1", port}, {.backoff = quick});
    {
        RawPeer peer = deaf->accept();
        peer.acceptHello();
        run(client.executor(), sendNumbered(link, count));
        deaf.reset();
    }
    Reactor engine;
    std::promise<std::vector<int>> result;
    Server server(engine, {TcpServerAddress{"127.0.0.1", port}});
    const flows::Handler handler = [&](Peer peer) {
        return collectNumbers(std::move(peer), count - 1, &result);
    };
    const Running serving(engine.executor(), server.serve(handler));
    const std::vector<int> numbers = result.get_future().get();
    EXPECT_GT(numbers.size(), 50U);
    for (std::size_t i = 1; i < numbers.size(); ++i)
        ASSERT_EQ(numbers[i], numbers[i - 1] + 1) << "lost, twice or out of order";
    EXPECT_EQ(link.counters().sentAgain, numbers.size());
    run(engine.executor(),
        [](Server* stopped) -> asio::awaitable<void> { co_await stopped->stop(patience); }(&server));
}

}  // namespace
}  // namespace tempeh::test
