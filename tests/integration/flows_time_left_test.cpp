// A request's time travels with it, and its handler is cancelled when nobody waits for the answer any more.

#include "support/flows_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::RequestContext;
using flows::Router;

/// Waits until it is cancelled.
class Patient {
public:
    flows::RequestHandler handler() {
        return [this](RequestContext& request) { return wait(request); };
    }

    std::atomic<int> begun{0};
    std::atomic<int> cancelled{0};
    std::atomic<Duration::rep> timeLeft{0};

private:
    asio::awaitable<void> wait(RequestContext& request) {
        timeLeft = request.timeLeft().count();
        ++begun;
        const error_code ec = co_await codeOf(request.peer().sleep(patience));
        if (ec == asio::error::operation_aborted) ++cancelled;
        if (ec) throw Error(ec);
        request.answer("not cancelled");
    }
};

MessagePtr requestTo(const Peer& peer, std::string_view route) {
    MessagePtr request = peer.newMessage();
    request->textHeaders.append("route", route);
    return request;
}

asio::awaitable<void> askInVain(Peer peer, std::string route, Duration timeout) {
    MessagePtr request = requestTo(peer, route);
    const MessagePtr answer = co_await peer.request(std::move(request), timeout);
    const bool isOverdue =
        answer != nullptr && answer->header.status == static_cast<std::uint8_t>(Status::ProcessingFailed);
    EXPECT_TRUE(answer == nullptr || isOverdue);
}

TEST(FlowsTimeLeft, TheHandlerIsCancelledWhenItIsOver) {
    Patient patient;
    Router router;
    router.on("wait", patient.handler());
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    pair.onClient(askInVain(peer.timed(), "wait", 300ms));
    EXPECT_TRUE(eventually([&] { return patient.cancelled == 1; }));
    EXPECT_GT(Duration(patient.timeLeft), Duration::zero());
    EXPECT_LE(Duration(patient.timeLeft), 300ms);
    EXPECT_TRUE(eventually([&] {
        const flows::RouterCounters counters = router.counters();
        return counters.overdue + counters.cancelled == 1;
    }));
}

TEST(FlowsTimeLeft, OfTheServersOwnIsToldToTheAsker) {
    Patient patient;
    Router router;
    router.use(flows::limitTime(20ms)).on("wait", patient.handler());
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    pair.onClient([](Peer asking) -> asio::awaitable<void> {
        MessagePtr request = requestTo(asking, "wait");
        const MessagePtr answer = co_await asking.request(std::move(request), patience);
        EXPECT_EQ(reasonOf(*answer), "not done in time");
    }(peer));
    EXPECT_EQ(patient.cancelled, 1);
    EXPECT_TRUE(eventually([&] { return router.counters().overdue == 1; }));
}

/// Asks, and gives up when told.
class Asking {
public:
    Asking(const Peer& peer, std::string route) {
        asio::co_spawn(
            peer.executor(), askInVain(peer, std::move(route), infinite),
            asio::bind_cancellation_slot(signal_->slot(), [signal = signal_](std::exception_ptr) {}));
    }
    void giveUp(const asio::any_io_executor& executor) {
        asio::post(executor, [signal = signal_] { signal->emit(asio::cancellation_type::terminal); });
    }

private:
    std::shared_ptr<asio::cancellation_signal> signal_ = std::make_shared<asio::cancellation_signal>();
};

TEST(FlowsTimeLeft, TheHandlerIsCancelledWhenItsAskerGivesUp) {
    Patient patient;
    Router router;
    router.on("wait", patient.handler());
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    Asking asking(peer.timed(), "wait");
    ASSERT_TRUE(eventually([&] { return patient.begun == 1; }));
    EXPECT_EQ(Duration(patient.timeLeft), infinite);
    asking.giveUp(pair.clientReactor.executor());
    EXPECT_TRUE(eventually([&] { return patient.cancelled == 1; }));
    EXPECT_TRUE(eventually([&] { return router.counters().cancelled == 1; }));
}

TEST(FlowsTimeLeft, ARequestGivenUpBeforeItsTurnIsNotBegun) {
    Patient patient;
    Router router("route", {.requestsPerPeer = 1});
    router.on("wait", patient.handler());
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    Asking first(peer.timed(), "wait");
    ASSERT_TRUE(eventually([&] { return patient.begun == 1; }));
    pair.onClient(askInVain(peer.timed(), "wait", 1ms));
    first.giveUp(pair.clientReactor.executor());
    Asking third(peer.timed(), "wait");
    EXPECT_TRUE(eventually([&] { return patient.begun == 2; }));
    EXPECT_EQ(Duration(patient.timeLeft), infinite) << "the second had a limit";
    third.giveUp(pair.clientReactor.executor());
    EXPECT_TRUE(eventually([&] { return router.counters().cancelled == 2; }));
    EXPECT_EQ(router.counters().requests, 2U);
}

TEST(FlowsTimeLeft, WhatAHandlerAsksInTurnInheritsIt) {
    Patient patient;
    Router backRouter;
    backRouter.on("wait", patient.handler());
    FlowsPair back(backRouter);
    const Peer toBack = back.connect();
    Router frontRouter;
    frontRouter.on("pass on", [toBack](RequestContext& request) -> asio::awaitable<void> {
        const Peer heir = request.inherit(toBack);
        MessagePtr question = requestTo(heir, "wait");
        const MessagePtr answer = co_await heir.request(std::move(question));
        request.answer(answer != nullptr ? answer->body.view() : "nothing");
    });
    FlowsPair front(frontRouter);
    const Peer peer = front.connect();
    front.onClient(askInVain(peer.timed(), "pass on", 200ms));
    EXPECT_TRUE(eventually([&] { return patient.cancelled == 1; }));
    EXPECT_LE(Duration(patient.timeLeft), 200ms);

    Asking asking(peer.timed(), "pass on");
    ASSERT_TRUE(eventually([&] { return patient.begun == 2; }));
    asking.giveUp(front.clientReactor.executor());
    EXPECT_TRUE(eventually([&] { return patient.cancelled == 2; }));
}

asio::awaitable<void> echoRequests(Peer peer, std::atomic<int>* others) {
    MessagePtr kept;
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode != OpCode::Request) {
            ++*others;
        } else if (message->body.empty()) {
            kept = std::move(message);
        } else {
            co_await peer.respond(std::move(message));
        }
    }
}

TEST(FlowsTimeLeft, AHandlerOfPeersHearsNothingOfGivingUp) {
    std::atomic<int> others = 0;
    FlowsPair pair([&others](Peer peer) { return echoRequests(std::move(peer), &others); });
    const Peer peer = pair.connect();
    pair.onClient(askInVain(peer.timed(), "wait", 5ms));
    pair.onClient(expectEcho(peer.timed()));
    EXPECT_EQ(others, 0);
}

TEST(FlowsTimeLeft, TravelsWithTheRequestsOfThreads) {
    Patient patient;
    Router router;
    router.on("wait", patient.handler());
    FlowsPair pair(router);
    const flows::BlockingPeer peer = flows::BlockingPeer(pair.connect()).timed();
    MessagePtr request = requestTo(peer.peer(), "wait");
    const MessagePtr answer = peer.request(std::move(request), 200ms);
    EXPECT_TRUE(answer == nullptr || answer->header.status != 0);
    EXPECT_TRUE(eventually([&] { return patient.cancelled == 1; }));
}

}  // namespace
}  // namespace tempeh::test
