// CircuitBreaker where flows take one: attempts to connect, and requests over a link.

#include "support/flows_fixture.hpp"

#include <gmock/gmock.h>

namespace tempeh::test {
namespace {

using flows::CircuitBreaker;
using flows::CircuitCounters;
using flows::CircuitErrc;
using flows::CircuitState;
using flows::ConnectOptions;
using flows::ReconnectingPeer;

constexpr flows::Backoff hasty{.initial = 1ms, .max = 1ms};

class FlowsCircuit : public ::testing::Test {
protected:
    void serve() {
        server_.emplace(reactor_, std::vector<Address>{UdsServerAddress{path_}});
        server_->addresses();
        serving_.emplace(reactor_.executor(), server_->serve(echo));
    }
    ~FlowsCircuit() override {
        server_.reset();
        serving_.reset();
    }
    Address address() const { return UdsClientAddress{path_}; }
    void onClient(asio::awaitable<void> body) { run(client_.executor(), std::move(body)); }

    const std::string path_ = temporaryUdsPath();
    Reactor reactor_;
    std::optional<flows::Server> server_;
    std::optional<Running> serving_;
    Reactor client_;
};

asio::awaitable<void> expectCircuitOpen(Ampe& engine, Address address, ConnectOptions options) {
    try {
        const flows::Peer peer = co_await flows::connect(engine, address, options);
        ADD_FAILURE() << "connected";
    } catch (const flows::CircuitOpen& error) {
        EXPECT_EQ(error.code(), CircuitErrc::Open);
        EXPECT_THAT(error.what(), ::testing::HasSubstr("UdsPathNotFound"));
    }
}

asio::awaitable<void> expectConnectedAndEchoed(Ampe& engine, Address address, ConnectOptions options) {
    const flows::Peer peer = co_await flows::connect(engine, address, options);
    co_await expectEcho(peer);
}

TEST_F(FlowsCircuit, StopsAttemptsToConnect) {
    const CircuitBreaker breaker({.failureThreshold = 3, .successThreshold = 1});
    const ConnectOptions options{.attempts = 0, .backoff = hasty, .timeout = patience, .breaker = &breaker};
    onClient(expectCircuitOpen(client_, address(), options));
    onClient(expectCircuitOpen(client_, address(), options));
    CircuitCounters counters = breaker.counters();
    EXPECT_EQ(counters.failed, 3U) << "each attempt counts, and none is made while it is open";
    EXPECT_EQ(counters.refused, 2U);

    serve();
    breaker.reset();
    onClient(expectConnectedAndEchoed(client_, address(), options));
    counters = breaker.counters();
    EXPECT_EQ(counters.succeeded, 1U);
}

TEST_F(FlowsCircuit, StopsAThreadsAttemptsToo) {
    const CircuitBreaker breaker({.failureThreshold = 1});
    const ConnectOptions options{.breaker = &breaker};
    EXPECT_THROW(flows::connectBlocking(client_, address(), options), Error);
    try {
        flows::connectBlocking(client_, address(), options);
        ADD_FAILURE();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), CircuitErrc::Open);
        EXPECT_THAT(error.what(), ::testing::HasSubstr("tries again in"));
    }
}

asio::awaitable<void> expectNoAnswer(ReconnectingPeer link) {
    const MessagePtr answer = co_await link.request(link.newMessage(), 1ms);
    EXPECT_EQ(answer, nullptr);
}

asio::awaitable<void> expectRefusedAtOnce(ReconnectingPeer link) {
    const error_code ec = co_await codeOf(link.request(link.newMessage(), infinite));
    EXPECT_EQ(ec, CircuitErrc::Open);
}

asio::awaitable<void> expectAnswerOver(ReconnectingPeer link) {
    const MessagePtr answer = co_await link.request(link.newMessage(OpCode::Request, "hi"), patience);
    EXPECT_NE(answer, nullptr);
}

TEST_F(FlowsCircuit, FailsTheRequestsOfALinkAtOnce) {
    const CircuitBreaker breaker({.failureThreshold = 2, .successThreshold = 2});
    const ReconnectingPeer link(client_, address(), {.backoff = hasty, .breaker = &breaker});
    onClient(expectNoAnswer(link));
    onClient(expectNoAnswer(link));
    onClient(expectRefusedAtOnce(link));
    EXPECT_EQ(link.counters().requests, 2U) << "a refused request was not tried";

    serve();
    breaker.reset();
    onClient(expectAnswerOver(link));
    EXPECT_EQ(breaker.counters().succeeded, 1U);
    EXPECT_EQ(link.counters().answered, 1U);
}

TEST_F(FlowsCircuit, RecoversInTheTimeOfItsEngine) {
    const CircuitBreaker breaker(client_,
                                 {.failureThreshold = 1, .recoveryTimeout = 1ms, .successThreshold = 2});
    const ReconnectingPeer link(client_, address(), {.backoff = hasty, .breaker = &breaker});
    onClient(expectNoAnswer(link));
    EXPECT_EQ(breaker.state(), CircuitState::Open);
    serve();
    ASSERT_TRUE(eventually([&] { return link.state() == flows::LinkState::Connected; }));
    const TimePoint opened = client_.now();
    ASSERT_TRUE(eventually([&] { return client_.now() > opened + 1ms; }));
    onClient(expectAnswerOver(link));
    EXPECT_EQ(breaker.state(), CircuitState::HalfOpen);
    onClient(expectAnswerOver(link));
    EXPECT_EQ(breaker.state(), CircuitState::Closed);
}

}  // namespace
}  // namespace tempeh::test
