// Every operation of flows with every kind of completion token.

#include "support/flows_fixture.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <variant>

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::ReconnectingPeer;
using flows::Server;
using flows::StreamReader;
using flows::StreamWriter;

/// Answers nothing, sends nothing.
asio::awaitable<void> keepSilent(Peer peer) {
    while (true)
        co_await peer.receive();
}

/// A callback's arguments, for the test's thread.
template <typename T>
class Called {
public:
    auto callback() {
        return [this](const error_code& ec, T value) { result_.set_value({ec, std::move(value)}); };
    }
    std::pair<error_code, T> get() {
        auto result = result_.get_future();
        EXPECT_EQ(result.wait_for(patience), std::future_status::ready) << "the handler was not called";
        return result.get();
    }

private:
    std::promise<std::pair<error_code, T>> result_;
};

TEST(FlowsTokens, ACallbackGetsTheAnswer) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    Called<MessagePtr> called;
    peer.request(peer.newMessage(OpCode::Request, "hello"), patience, called.callback());
    const auto [ec, answer] = called.get();
    EXPECT_EQ(ec, error_code());
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->body.view(), "hello");
}

TEST(FlowsTokens, ACallbackGetsTheErrorAsACode) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    Called<MessagePtr> closed;
    peer.close(closed.callback());
    EXPECT_EQ(closed.get().first, error_code());
    Called<MessagePtr> called;
    peer.request(peer.newMessage(), called.callback());
    EXPECT_EQ(called.get().first, Status::ChannelClosed);
}

TEST(FlowsTokens, AnEmptyHandleTellsTheHandler) {
    Called<MessagePtr> called;
    Peer().receive(called.callback());
    EXPECT_EQ(called.get().first, Status::InvalidChannelNumber);
}

TEST(FlowsTokens, WhatTheSignalHandlerThrowsIsProcessingFailed) {
    FlowsPair pair([](Peer peer) -> asio::awaitable<void> {
        MessagePtr request = co_await peer.receive();
        MessagePtr signal = peer.newMessage(OpCode::Signal);
        signal->header.messageId = request->header.messageId;
        co_await peer.send(std::move(signal));
        co_await peer.receive();
    });
    const Peer peer = pair.connect();
    const flows::SignalHandler throws = [](const Message&) { throw std::runtime_error("no"); };
    Called<MessagePtr> called;
    peer.request(peer.newMessage(), patience, throws, called.callback());
    EXPECT_EQ(called.get().first, Status::ProcessingFailed);
    peer.abort();
}

/// A context of the application's, run by a thread of its own.
class OwnContext {
public:
    OwnContext() : thread_([this] { context_.run(); }) {}
    ~OwnContext() {
        work_.reset();
        thread_.join();
    }
    asio::any_io_executor executor() { return context_.get_executor(); }
    std::thread::id thread() const { return thread_.get_id(); }

private:
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    std::thread thread_;
};

TEST(FlowsTokens, TheHandlerRunsOnItsExecutor) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    OwnContext own;
    std::promise<std::thread::id> ranOn;
    peer.request(peer.newMessage(),
                 asio::bind_executor(own.executor(), [&ranOn](const error_code&, MessagePtr) {
                     ranOn.set_value(std::this_thread::get_id());
                 }));
    EXPECT_EQ(ranOn.get_future().get(), own.thread());
}

TEST(FlowsTokens, DeferredBeginsWhenItIsCalled) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    auto operation = peer.request(peer.newMessage(OpCode::Request, "later"), patience, asio::deferred);
    EXPECT_EQ(peer.counters().requests, 0U);
    EXPECT_EQ(std::move(operation)(asio::use_future).get()->body.view(), "later");
}

class FlowsTokensCancelled : public ::testing::TestWithParam<asio::cancellation_type> {};

TEST_P(FlowsTokensCancelled, EndsWithOperationAborted) {
    FlowsPair pair(keepSilent);
    const Peer peer = pair.connect();
    asio::cancellation_signal signal;
    Called<MessagePtr> called;
    peer.request(peer.newMessage(), asio::bind_cancellation_slot(signal.slot(), called.callback()));
    ASSERT_TRUE(eventually([&] { return peer.counters().inFlight == 1; }));
    asio::post(peer.executor(), [&signal] { signal.emit(GetParam()); });
    EXPECT_EQ(called.get().first, asio::error::operation_aborted);
    EXPECT_EQ(peer.counters().inFlight, 0U);
    peer.abort();
}

INSTANTIATE_TEST_SUITE_P(By, FlowsTokensCancelled,
                         ::testing::Values(asio::cancellation_type::terminal,
                                           asio::cancellation_type::partial, asio::cancellation_type::total));

TEST(FlowsTokens, ATupleHasTheCodeInTheFirstPlace) {
    FlowsPair pair(echo);
    const Peer peer = pair.connect();
    pair.onClient([](Peer asked) -> asio::awaitable<void> {
        auto asking = asked.request(asked.newMessage(OpCode::Request, "hello"), patience,
                                    asio::as_tuple(asio::use_awaitable));
        auto [ec, answer] = co_await std::move(asking);
        EXPECT_EQ(ec, error_code());
        EXPECT_EQ(answer->body.view(), "hello");
        asked.abort();
        auto receiving = asked.receive(asio::as_tuple(asio::use_awaitable));
        auto [end, none] = co_await std::move(receiving);
        EXPECT_EQ(end, Status::ChannelClosed);
        EXPECT_EQ(none, nullptr);
    }(peer));
}

/// Asio's || waits for the first success: an end that is no exception is one.
asio::awaitable<void> receiveOrTimeOut(Peer peer) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
    peer.abort();
    auto either = peer.receive(asio::as_tuple(asio::use_awaitable)) || timer.async_wait(asio::use_awaitable);
    const auto outcome = co_await std::move(either);
    EXPECT_EQ(outcome.index(), 0U);
}

TEST(FlowsTokens, AReceiveThatEndsWinsAgainstATimer) {
    FlowsPair pair(keepSilent);
    pair.onClient(receiveOrTimeOut(pair.connect()));
}

TEST(FlowsTokens, UseAwaitableThrowsWithTheCause) {
    Reactor reactor;
    run(reactor.executor(), [](Reactor* engine) -> asio::awaitable<void> {
        flows::ConnectOptions once;
        once.attempts = 1;
        const Address nowhere = UdsClientAddress{temporaryUdsPath()};
        try {
            auto connecting = flows::connect(*engine, nowhere, once, asio::use_awaitable);
            co_await std::move(connecting);
            ADD_FAILURE() << "nobody listens there";
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find("uds|"), std::string::npos) << error.what();
        }
    }(&reactor));
}

/// Each verb once, as a thread would use it that has futures.
TEST(FlowsTokens, EveryVerbOfAPeerAndAServer) {
    Reactor serverEngine;
    Reactor clientEngine;
    Server server(serverEngine, {localTcp()});
    server.listening(asio::use_future).get();
    auto serving = server.serve(echo, asio::use_future);
    const Address address = server.addresses().front();

    Peer peer = flows::connect(clientEngine, address, {}, asio::use_future).get();
    peer.send(peer.newMessage(OpCode::Signal, "one"), asio::use_future).get();
    EXPECT_TRUE(peer.send(peer.newMessage(OpCode::Signal, "two"), patience, asio::use_future).get());
    EXPECT_EQ(peer.receive(asio::use_future).get()->body.view(), "one");
    EXPECT_EQ(peer.receive(patience, asio::use_future).get()->body.view(), "two");
    EXPECT_EQ(peer.request(peer.newMessage(OpCode::Request, "three"), asio::use_future).get()->body.view(),
              "three");
    peer.sleep(std::chrono::milliseconds(1), asio::use_future).get();
    peer.close(asio::use_future).get();

    const flows::PeerGroup group(clientEngine);
    group.connect(address, {}, asio::use_future).get().abort();
    group.sleep(std::chrono::milliseconds(1), asio::use_future).get();

    EXPECT_TRUE(server.stop(patience, asio::use_future).get());
    serving.get();
}

TEST(FlowsTokens, EveryVerbOfALink) {
    FlowsPair pair(echo);
    const ReconnectingPeer link(pair.clientReactor, pair.address);
    EXPECT_TRUE(link.connected(patience, asio::use_future).get());
    EXPECT_EQ(link.receive(asio::use_future).get()->header.opCode, OpCode::HelloResponse);
    EXPECT_EQ(link.request(link.newMessage(OpCode::Request, "one"), asio::use_future).get()->body.view(),
              "one");
    link.send(link.newMessage(OpCode::Signal, "two"), asio::use_future).get();
    EXPECT_EQ(link.receive(patience, asio::use_future).get()->body.view(), "two");
    EXPECT_TRUE(link.send(link.newMessage(OpCode::Signal, "three"), patience, asio::use_future).get());
    link.sleep(std::chrono::milliseconds(1), asio::use_future).get();
    link.close(asio::use_future).get();
}

asio::awaitable<void> answerStream(Peer peer) {
    MessagePtr first = co_await peer.receive();
    const MessageId id = first->header.messageId;
    StreamReader reader(peer, std::move(first));
    const std::string all = co_await reader.readAll(1'000'000);
    StreamWriter writer(peer, id);
    co_await writer.write(all);
    co_await writer.finish();
    co_await peer.receive();
}

TEST(FlowsTokens, EveryVerbOfAStream) {
    FlowsPair pair(answerStream);
    const Peer peer = pair.connect();
    StreamWriter writer(peer);
    const std::string bytes(100'000, 'x');
    writer.write(bytes, asio::use_future).get();
    int rest = 3;
    const flows::StreamSource source = [&rest](std::span<std::byte> room) -> std::size_t {
        if (rest-- == 0) return 0;
        room[0] = std::byte{'y'};
        return 1;
    };
    EXPECT_EQ(writer.writeFrom(source, asio::use_future).get(), 3U);
    writer.finish(0, asio::use_future).get();
    StreamReader reader = writer.answerStream(patience, asio::use_future).get();
    EXPECT_EQ(reader.readAll(1'000'000, asio::use_future).get(), bytes + "yyy");
    EXPECT_EQ(reader.next(asio::use_future).get(), nullptr);
    peer.abort();
}

TEST(FlowsTokens, ARequestWhoseAnswerIsAStream) {
    FlowsPair pair(answerStream);
    const Peer peer = pair.connect();
    StreamReader reader =
        flows::requestStream(peer, peer.newMessage(OpCode::Request, "abc"), patience, asio::use_future).get();
    std::string all;
    const flows::StreamSink sink = [&all](std::span<const std::byte> bytes) {
        all.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
    EXPECT_EQ(reader.readTo(sink, asio::use_future).get(), 3U);
    EXPECT_EQ(all, "abc");
    peer.abort();
}

TEST(FlowsTokens, AnAnswerWithABodyOfItsOwn) {
    FlowsPair pair([](Peer peer) -> asio::awaitable<void> {
        MessagePtr request = co_await peer.receive();
        auto responding = peer.respond(std::move(request), "mine", 7, asio::as_tuple(asio::use_awaitable));
        auto [ec] = co_await std::move(responding);
        EXPECT_EQ(ec, error_code());
        request = co_await peer.receive();
        peer.respond(std::move(request), asio::detached);
        co_await peer.receive();
    });
    const Peer peer = pair.connect();
    const MessagePtr first = peer.request(peer.newMessage(OpCode::Request, "one"), asio::use_future).get();
    EXPECT_EQ(first->body.view(), "mine");
    EXPECT_EQ(first->header.status, 7);
    EXPECT_EQ(peer.request(peer.newMessage(OpCode::Request, "two"), asio::use_future).get()->body.view(),
              "two");
    peer.abort();
}

}  // namespace
}  // namespace tempeh::test
