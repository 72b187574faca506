// Peer: requests find their answers, everything else arrives in order, and nothing is lost or kept for ever.

#include "support/flows_fixture.hpp"
#include "support/scale.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <random>

namespace tempeh::test {
namespace {

using flows::Peer;
using namespace asio::experimental::awaitable_operators;

class FlowsPeer : public ::testing::TestWithParam<Address> {};

INSTANTIATE_TEST_SUITE_P(Over, FlowsPeer, ::testing::Values(localTcp(), Address(UdsServerAddress{})),
                         [](const auto& one) { return one.param.index() == 1 ? "Tcp" : "Uds"; });

asio::awaitable<void> askOnce(Peer peer) {
    MessagePtr question = peer.newMessage(OpCode::Request, "6 * 7");
    question->textHeaders.append("lang", "en");
    const MessagePtr answer = co_await peer.request(std::move(question), patience);
    EXPECT_EQ(answer->body.view(), "6 * 7");
    EXPECT_EQ(valueOf(*answer, "lang"), "en");
    EXPECT_EQ(peer.counters().answered, 1U);
    EXPECT_EQ(peer.counters().inFlight, 0U);
}

TEST_P(FlowsPeer, GivesTheAnswerToARequest) {
    FlowsPair pair(echo, GetParam());
    pair.onClient(askOnce(pair.connect()));
}

/// Answers a batch of requests last first.
asio::awaitable<void> answerBackwards(Peer peer) {
    for (;;) {
        std::vector<MessagePtr> batch;
        for (int i = 0; i < 100; ++i)
            batch.push_back(co_await peer.receive());
        for (; !batch.empty(); batch.pop_back())
            co_await peer.respond(std::move(batch.back()));
    }
}

asio::awaitable<void> askFor(Peer peer, int number, int* right) {
    const std::string text = std::to_string(number);
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, text), patience);
    if (answer != nullptr && answer->body.view() == text) ++*right;
}

asio::awaitable<void> askMany(Peer peer, int* right) {
    auto all = askFor(peer, 0, right);
    for (int i = 1; i < 100; ++i)
        asio::co_spawn(peer.executor(), askFor(peer, i, right), asio::detached);
    co_await std::move(all);
    while (*right < 100)
        co_await asio::post(peer.executor(), asio::use_awaitable);
}

TEST_P(FlowsPeer, GivesEachOfManyRequestsItsOwnAnswer) {
    FlowsPair pair(answerBackwards, GetParam());
    int right = 0;
    pair.onClient(askMany(pair.connect(), &right));
    EXPECT_EQ(right, 100);
}

/// Keeps the first request until a signal comes, then answers both it and the signal.
asio::awaitable<void> answerLate(Peer peer) {
    MessagePtr first = co_await peer.receive();
    MessagePtr signal = co_await peer.receive();
    co_await peer.respond(std::move(first));
    co_await peer.send(std::move(signal));
    co_await echo(peer);
}

asio::awaitable<void> expectTimeoutSurvived(Peer peer) {
    MessagePtr question = peer.newMessage(OpCode::Request, "late");
    const MessagePtr none = co_await peer.request(std::move(question), 1ms);
    EXPECT_EQ(none, nullptr);
    co_await peer.send(peer.newMessage(OpCode::Signal, "now"));
    const MessagePtr echoed = co_await peer.receive(patience);
    EXPECT_EQ(echoed->body.view(), "now");
    const flows::PeerCounters counters = peer.counters();
    EXPECT_EQ(counters.timedOut, 1U);
    EXPECT_EQ(counters.lateAnswers, 1U) << "the answer came before the signal";
    EXPECT_EQ(counters.inFlight, 0U);
    const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "on"), patience);
    EXPECT_EQ(answer->body.view(), "on");
}

TEST_P(FlowsPeer, OutlivesARequestThatTimedOut) {
    FlowsPair pair(answerLate, GetParam());
    pair.onClient(expectTimeoutSurvived(pair.connect()));
}

asio::awaitable<void> reportProgress(Peer peer) {
    MessagePtr request = co_await peer.receive();
    for (int percent = 0; percent < 100; percent += 25) {
        MessagePtr progress = peer.newMessage(OpCode::Signal, std::to_string(percent));
        progress->header.messageId = request->header.messageId;
        co_await peer.send(std::move(progress));
        co_await peer.send(peer.newMessage(OpCode::Signal, "news"));
    }
    co_await peer.respond(std::move(request), "done");
    co_await echo(peer);
}

asio::awaitable<void> watchProgress(Peer peer) {
    std::vector<std::string> seen;
    const auto note = [&seen](const Message& signal) { seen.emplace_back(signal.body.view()); };
    const MessagePtr answer = co_await peer.request(peer.newMessage(), patience, note);
    EXPECT_EQ(answer->body.view(), "done");
    EXPECT_EQ(seen, (std::vector<std::string>{"0", "25", "50", "75"}));
    for (int i = 0; i < 4; ++i) {
        const MessagePtr news = co_await peer.receive(patience);
        EXPECT_EQ(news->body.view(), "news");
    }
}

TEST_P(FlowsPeer, ShowsTheProgressOfARequestAndNothingElse) {
    FlowsPair pair(reportProgress, GetParam());
    pair.onClient(watchProgress(pair.connect()));
}

asio::awaitable<void> receiveEight(Peer peer) {
    const MessagePtr answer = co_await peer.request(peer.newMessage(), patience);
    EXPECT_EQ(answer->body.view(), "done");
    for (int i = 0; i < 4; ++i) {
        const MessagePtr progress = co_await peer.receive(patience);
        EXPECT_EQ(progress->body.view(), std::to_string(25 * i));
        const MessagePtr news = co_await peer.receive(patience);
        EXPECT_EQ(news->body.view(), "news");
    }
}

TEST_P(FlowsPeer, GivesProgressThatNobodyAskedForToReceive) {
    FlowsPair pair(reportProgress, GetParam());
    pair.onClient(receiveEight(pair.connect()));
}

asio::awaitable<void> throwAtProgress(Peer peer) {
    const auto refuse = [](const Message&) { throw Error(Status::NotImplementedYet); };
    const error_code ec = co_await codeOf(peer.request(peer.newMessage(), patience, refuse));
    EXPECT_EQ(ec, Status::NotImplementedYet);
    EXPECT_EQ(peer.counters().inFlight, 0U);
    EXPECT_EQ(peer.counters().failed, 1U);
}

TEST_P(FlowsPeer, LetsWhatTheProgressHandlerThrowsOut) {
    FlowsPair pair(reportProgress, GetParam());
    pair.onClient(throwAtProgress(pair.connect()));
}

/// Asks back before it answers.
asio::awaitable<void> askBack(Peer peer) {
    MessagePtr request = co_await peer.receive();
    const MessagePtr name = co_await peer.request(peer.newMessage(OpCode::Request, "who?"), patience);
    co_await peer.respond(std::move(request), "hello " + std::string(name->body.view()));
    co_await echo(peer);
}

asio::awaitable<void> sayName(Peer peer) {
    MessagePtr question = co_await peer.receive(patience);
    EXPECT_EQ(question->body.view(), "who?");
    co_await peer.respond(std::move(question), "Ada");
}

asio::awaitable<void> askAndBeAsked(Peer peer) {
    asio::co_spawn(peer.executor(), sayName(peer), asio::detached);
    const MessagePtr answer = co_await peer.request(peer.newMessage(), patience);
    EXPECT_EQ(answer->body.view(), "hello Ada");
}

TEST_P(FlowsPeer, LetsBothSidesAskAtOnce) {
    FlowsPair pair(askBack, GetParam());
    pair.onClient(askAndBeAsked(pair.connect()));
}

asio::awaitable<void> expectNothing(Peer peer) {
    const MessagePtr at = co_await peer.receive(0s);
    EXPECT_EQ(at, nullptr);
    const MessagePtr later = co_await peer.receive(1ms);
    EXPECT_EQ(later, nullptr);
}

TEST_P(FlowsPeer, ReceivesNullAtTheTimeout) {
    FlowsPair pair(echo, GetParam());
    pair.onClient(expectNothing(pair.connect()));
}

asio::awaitable<void> storm(Peer peer, int count, int* received) {
    std::minstd_rand random(3);
    asio::steady_timer timer(peer.executor());
    for (int sent = 0, waits = 0; *received < count && waits < 100 * count; ++waits) {
        if (sent < count) {
            MessagePtr signal = peer.newMessage(OpCode::Signal, std::to_string(sent++));
            co_await peer.send(std::move(signal));
        }
        timer.expires_after(std::chrono::microseconds(random() % 60));
        auto first = co_await (peer.receive() || timer.async_wait(asio::use_awaitable));
        if (first.index() != 0) continue;
        const MessagePtr message = std::get<0>(std::move(first));
        EXPECT_EQ(message->body.view(), std::to_string(*received)) << "lost, twice or out of order";
        ++*received;
    }
}

TEST_P(FlowsPeer, LosesNothingWhenReceiveIsCancelled) {
    FlowsPair pair(echo, GetParam());
    const int count = static_cast<int>(scaled(5000));
    int received = 0;
    pair.onClient(storm(pair.connect(), count, &received));
    EXPECT_EQ(received, count);
}

TEST_P(FlowsPeer, LosesNothingOnAnotherExecutor) {
    FlowsPair pair(echo, GetParam());
    asio::thread_pool pool(2);
    const int count = static_cast<int>(scaled(5000));
    int received = 0;
    run(asio::make_strand(pool), storm(pair.connect(), count, &received));
    pool.join();
    EXPECT_EQ(received, count);
}

asio::awaitable<void> answerByeWithResult(Peer peer) {
    MessagePtr bye = co_await peer.receive();
    EXPECT_EQ(bye->header.opCode, OpCode::ByeRequest);
    EXPECT_EQ(bye->body.view(), "pages: 3");
    co_await peer.respond(std::move(bye), "printed");
    const error_code ec = co_await codeOf(peer.receive());
    // The client may have its answer, and the test be over, before the end is told here.
    EXPECT_TRUE(ec == Status::ChannelClosed || ec == asio::error::operation_aborted) << ec;
}

asio::awaitable<void> closeWithWords(Peer peer) {
    MessagePtr bye = peer.newMessage();
    bye->body.append("pages: 3");
    const MessagePtr farewell = co_await peer.close(std::move(bye));
    EXPECT_EQ(farewell->body.view(), "printed");
    EXPECT_FALSE(peer.isOpen());
    EXPECT_EQ(peer.info().state, ChannelPhase::Closed);
    const error_code receiving = co_await codeOf(peer.receive());
    EXPECT_EQ(receiving, Status::ChannelClosed);
    const error_code sending = co_await codeOf(peer.send(peer.newMessage(OpCode::Signal)));
    EXPECT_EQ(sending, Status::ChannelClosed);
    const error_code asking = co_await codeOf(peer.request(peer.newMessage()));
    EXPECT_EQ(asking, Status::ChannelClosed);
    const MessagePtr again = co_await peer.close();
    EXPECT_EQ(again, nullptr);
}

TEST_P(FlowsPeer, ClosesWithAWordEachWay) {
    FlowsPair pair(answerByeWithResult, GetParam());
    pair.onClient(closeWithWords(pair.connect()));
}

asio::awaitable<void> closeAtOnce(Peer peer) {
    const MessagePtr farewell = co_await peer.close();
    EXPECT_NE(farewell, nullptr);
}

asio::awaitable<void> awaitEnd(Peer peer) {
    while (peer.isOpen())
        co_await asio::post(peer.executor(), asio::use_awaitable);
}

TEST_P(FlowsPeer, AnswersAByeThatNobodyReceives) {
    FlowsPair pair(closeAtOnce, GetParam());
    pair.onClient(awaitEnd(pair.connect()));
    EXPECT_TRUE(eventually([&] { return pair.server->counters().peers == 0; }));
}

asio::awaitable<void> closeLate(Peer peer) {
    co_await peer.receive();
    const MessagePtr farewell = co_await peer.close();
    EXPECT_NE(farewell, nullptr);
}

asio::awaitable<void> leaveUnread(Peer peer) {
    const MessagePtr none = co_await peer.receive(0s);
    EXPECT_EQ(none, nullptr);
    co_await peer.send(peer.newMessage(OpCode::Signal));
    while (peer.counters().waiting == 0)
        co_await asio::post(peer.executor(), asio::use_awaitable);
    co_await peer.close();
}

TEST_P(FlowsPeer, ClosesThoughAByeWaitsToBeReceived) {
    FlowsPair pair(closeLate, GetParam());
    pair.onClient(leaveUnread(pair.connect()));
    EXPECT_TRUE(eventually([&] { return pair.server->counters().peers == 0; }));
}

asio::awaitable<void> hangUp(Peer peer) {
    co_await peer.receive();
    peer.abort();
}

asio::awaitable<void> expectHangUp(Peer peer) {
    error_code ec;
    std::string what;
    try {
        co_await peer.request(peer.newMessage(), patience);
    } catch (const Error& error) {
        ec = error.code();
        what = error.what();
    }
    EXPECT_EQ(ec, Status::ChannelClosed);
    EXPECT_NE(what.find("PeerDisconnected"), std::string::npos) << what;
    EXPECT_EQ(peer.counters().failed, 1U);
    EXPECT_EQ(peer.counters().inFlight, 0U);
}

TEST_P(FlowsPeer, FailsWhatIsInFlightWhenTheChannelEnds) {
    FlowsPair pair(hangUp, GetParam());
    pair.onClient(expectHangUp(pair.connect()));
}

asio::awaitable<void> sendAndGo(Peer peer, int count) {
    for (int i = 0; i < count; ++i)
        co_await peer.send(peer.newMessage(OpCode::Signal, std::to_string(i)));
}

TEST_P(FlowsPeer, DestroyedSendsWhatItHasAndCloses) {
    std::promise<int> counted;
    const flows::Handler count = [&counted](Peer peer) -> asio::awaitable<void> {
        int number = 0;
        for (;; ++number) {
            const MessagePtr message = co_await peer.receive();
            if (message->header.opCode == OpCode::ByeRequest) break;
            EXPECT_EQ(message->body.view(), std::to_string(number));
        }
        counted.set_value(number);
    };
    FlowsPair pair(count, GetParam());
    pair.onClient(sendAndGo(pair.connect(), 1000));
    EXPECT_EQ(counted.get_future().get(), 1000);
}

TEST_P(FlowsPeer, SendWaitsForRoom) {
    const Options small{.sendQueueMessages = 8};
    std::promise<int> counted;
    const flows::Handler count = [&counted](Peer peer) -> asio::awaitable<void> {
        int number = 0;
        for (;; ++number) {
            const MessagePtr message = co_await peer.receive();
            if (message->header.opCode == OpCode::ByeRequest) break;
            EXPECT_EQ(message->body.view(), std::to_string(number));
        }
        counted.set_value(number);
    };
    FlowsPair pair(count, GetParam(), {}, Options(), small);
    pair.onClient(sendAndGo(pair.connect(), 10'000));
    EXPECT_EQ(counted.get_future().get(), 10'000);
}

asio::awaitable<void> receiveTwice(Peer peer) {
    auto both = co_await (codeOf(peer.receive(100ms)) && codeOf(peer.receive(100ms)));
    const error_code first = std::get<0>(both);
    const error_code second = std::get<1>(both);
    EXPECT_TRUE((first == Status::NotAllowed) != (second == Status::NotAllowed)) << first << second;
}

TEST_P(FlowsPeer, HasOneReceiver) {
    FlowsPair pair(echo, GetParam());
    pair.onClient(receiveTwice(pair.connect()));
}

asio::awaitable<void> hold(Peer peer) {
    std::vector<MessagePtr> kept;
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode == OpCode::Request) kept.push_back(std::move(message));
    }
}

asio::awaitable<void> reuseAnId(Peer peer) {
    MessagePtr first = peer.newMessage();
    MessagePtr second = peer.newMessage();
    first->header.messageId = second->header.messageId = 77;
    const Running asking(peer.executor(), [](Peer asked, MessagePtr question) -> asio::awaitable<void> {
        const error_code ec = co_await codeOf(asked.request(std::move(question), patience));
        EXPECT_EQ(ec, Status::ChannelClosed);
    }(peer, std::move(first)));
    while (peer.counters().inFlight == 0)
        co_await asio::post(peer.executor(), asio::use_awaitable);
    const error_code ec = co_await codeOf(peer.request(std::move(second), patience));
    EXPECT_EQ(ec, Status::InvalidMessageId);
    co_await peer.close();
}

TEST_P(FlowsPeer, RefusesAnIdThatIsInFlight) {
    FlowsPair pair(hold, GetParam());
    asio::thread_pool pool(1);
    run(pool.get_executor(), reuseAnId(pair.connect()));
}

asio::awaitable<void> cancelARequest(Peer peer) {
    asio::steady_timer timer(peer.executor(), 1ms);
    auto first = co_await (peer.request(peer.newMessage()) || timer.async_wait(asio::use_awaitable));
    EXPECT_EQ(first.index(), 1U);
    EXPECT_EQ(peer.counters().inFlight, 0U);
    EXPECT_EQ(peer.counters().failed, 1U);
    const error_code ec = co_await codeOf(peer.request(peer.newMessage(), 1ms));
    EXPECT_FALSE(ec) << "the channel lives on";
}

TEST_P(FlowsPeer, CancelsARequest) {
    FlowsPair pair(hold, GetParam());
    pair.onClient(cancelARequest(pair.connect()));
}

asio::awaitable<void> expectShutdown(Peer peer) {
    const error_code ec = co_await codeOf(peer.request(peer.newMessage(), patience));
    EXPECT_TRUE(ec == Status::ChannelClosed || ec == Status::ShutdownStarted) << ec;
    const error_code later = co_await codeOf(peer.send(peer.newMessage(OpCode::Signal)));
    EXPECT_TRUE(later == Status::ChannelClosed || later == Status::ShutdownStarted) << later;
}

TEST_P(FlowsPeer, EndsWithItsEngine) {
    FlowsPair pair(hold, GetParam());
    asio::thread_pool pool(1);
    const Peer peer = pair.connect();
    Running asking(pool.get_executor(), expectShutdown(peer));
    ASSERT_TRUE(eventually([&] { return peer.counters().inFlight == 1; }));
    pair.clientReactor.shutdown(patience);
    asking.join();
}

TEST(FlowsPeerHandle, MayOutliveItsEngine) {
    Peer peer;
    {
        FlowsPair pair(echo);
        peer = pair.connect();
    }
    EXPECT_FALSE(peer.isOpen());
    EXPECT_EQ(peer.info().state, ChannelPhase::Closed);
}

TEST(FlowsPeerHandle, WithoutAChannelSaysSo) {
    const Peer none;
    EXPECT_FALSE(none);
    EXPECT_FALSE(none.isOpen());
    none.abort();
    EXPECT_THROW(none.info(), Error);
}

asio::awaitable<void> answerTheWrongThing(Peer peer) {
    const error_code ec = co_await codeOf(peer.send(MessagePtr()));
    EXPECT_EQ(ec, Status::NullMessage);
    EXPECT_THROW((void)peer.respond(peer.newMessage(OpCode::Signal)), Error);
}

TEST(FlowsPeerHandle, RefusesWhatCannotBeSent) {
    FlowsPair pair(echo);
    pair.onClient(answerTheWrongThing(pair.connect()));
}

}  // namespace
}  // namespace tempeh::test
