// Router: requests find their handlers, through layers, and no more of them at one time than allowed.

#include "support/allocation_counter.hpp"
#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::RequestContext;
using flows::RequestHandler;
using flows::RequestRecord;
using flows::Router;

MessagePtr requestTo(const Peer& peer, std::string_view route, std::string_view body = "") {
    MessagePtr request = peer.newMessage(OpCode::Request, body);
    request->textHeaders.append("route", route);
    return request;
}

struct Expected {
    std::string body;
    std::uint8_t status = 0;
    std::string reason = "(none)";
};

asio::awaitable<void> expectAnswer(Peer peer, std::string route, Expected expected) {
    MessagePtr request = requestTo(peer, route, "hi");
    const MessagePtr answer = co_await peer.request(std::move(request), patience);
    EXPECT_NE(answer, nullptr) << route;
    if (answer == nullptr) co_return;
    EXPECT_EQ(answer->body.view(), expected.body);
    EXPECT_EQ(answer->header.status, expected.status);
    EXPECT_EQ(reasonOf(*answer), expected.reason);
}

RequestHandler answering(std::string text) {
    return [text = std::move(text)](RequestContext& request) -> asio::awaitable<void> {
        request.answer(text + " " + std::string(request.route()));
        co_return;
    };
}

constexpr auto unrouted = static_cast<std::uint8_t>(Status::NotImplementedYet);
constexpr auto failed = static_cast<std::uint8_t>(Status::ProcessingFailed);
constexpr auto refused = static_cast<std::uint8_t>(Status::NotAllowed);

TEST(FlowsRouter, FindsTheHandlerByATextHeader) {
    Router router;
    router.on("a", answering("this is")).on("b", answering("here is"));
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    pair.onClient(expectAnswer(peer, "b", {.body = "here is b"}));
    pair.onClient(expectAnswer(peer, "a", {.body = "this is a"}));
    pair.onClient(
        expectAnswer(peer, "c", {.body = "", .status = unrouted, .reason = "no handler for this route"}));
    EXPECT_EQ(router.counters().requests, 3U);
    EXPECT_TRUE(eventually([&] { return router.counters().answered == 3; }));
    EXPECT_EQ(router.counters().unrouted, 1U);
    EXPECT_THROW(router.on("d", answering("too late")), Error);
}

TEST(FlowsRouter, FindsTheHandlerByAFunction) {
    Router router([](const Message& request) { return request.body.view(); });
    router.on("hi", answering("said")).otherwise(answering("said something else"));
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    pair.onClient(expectAnswer(peer, "", {.body = "said hi"}));
    pair.onClient([](Peer client) -> asio::awaitable<void> {
        const MessagePtr answer = co_await client.request(client.newMessage(), patience);
        EXPECT_EQ(answer->body.view(), "said something else ");
    }(peer));
}

asio::awaitable<void> throwUp(RequestContext& /*request*/) {
    throw std::runtime_error("secret");
    co_return;
}

asio::awaitable<void> sayNothing(RequestContext& /*request*/) {
    co_return;
}

TEST(FlowsRouter, AHandlerThatThrowsFailsItsRequestAlone) {
    std::string failure;
    Router router("route", {.onFailure = [&](const RequestContext& request, const std::exception_ptr&) {
                      failure = request.route();
                  }});
    router.on("throw", throwUp).on("nothing", sayNothing).on("fine", answering("still"));
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    pair.onClient(expectAnswer(peer, "throw", {.body = "", .status = failed}));
    pair.onClient(expectAnswer(peer, "nothing", {.body = "", .status = failed}));
    pair.onClient(expectAnswer(peer, "fine", {.body = "still fine"}));
    EXPECT_EQ(failure, "throw");
    EXPECT_TRUE(eventually([&] { return router.counters().failed == 2; }));
    EXPECT_EQ(pair.server->counters().handlerFailures, 0U);
}

TEST(FlowsRouter, GoesThroughItsLayersInOrder) {
    std::vector<std::string> seen;
    std::vector<std::string> log;
    Router router;
    router.use(flows::logRequests([&log](const RequestRecord& record) {
        log.push_back(std::string(record.route) + " " +
                      (record.status ? std::to_string(*record.status) : "-") +
                      (record.hasThrown ? " threw" : ""));
    }));
    router.use(flows::refuseIf([](const RequestContext& request) {
        return request.route() == "forbidden" ? std::string("not for you") : std::string();
    }));
    router.use([&seen](RequestContext& request) -> asio::awaitable<void> {
        seen.push_back("before");
        auto rest = request.next();
        co_await std::move(rest);
        seen.push_back(std::string(request.message().body.view()));
        request.message().body.append("!");
    });
    router.on("a", answering("it is")).on("forbidden", answering("never")).on("throw", throwUp);
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    pair.onClient(expectAnswer(peer, "a", {.body = "it is a!"}));
    pair.onClient(expectAnswer(peer, "forbidden", {.body = "", .status = refused, .reason = "not for you"}));
    pair.onClient(expectAnswer(peer, "throw", {.body = "", .status = failed}));
    EXPECT_EQ(seen, (std::vector<std::string>{"before", "it is a", "before"}));
    EXPECT_EQ(log, (std::vector<std::string>{"a 0", "forbidden 3", "throw - threw"}));
}

/// A handler that counts those at work, and lets them go one by one.
class Gate {
public:
    explicit Gate(const asio::any_io_executor& executor) : permits_(executor, TimePoint::max()) {}
    RequestHandler handler() {
        return [this](RequestContext& request) { return pass(request); };
    }
    void letGo(int count) {
        asio::post(permits_.get_executor(), [this, count] {
            free_ += count;
            permits_.cancel();
        });
    }

    std::atomic<int> begun{0};
    std::atomic<int> cancelled{0};
    std::atomic<int> atWork{0};
    std::atomic<int> mostAtWork{0};

private:
    asio::awaitable<void> pass(RequestContext& request) {
        ++begun;
        mostAtWork = std::max(mostAtWork.load(), ++atWork);
        while (free_ == 0 && !request.isCancelled()) {
            error_code ec;
            co_await asio::this_coro::throw_if_cancelled(false);
            co_await permits_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        }
        --atWork;
        if (request.isCancelled()) {
            ++cancelled;
            throw Error(make_error_code(Status::NotAllowed));
        }
        --free_;
        request.answer("done");
    }

    asio::steady_timer permits_;
    int free_ = 0;
};

asio::awaitable<void> ask(Peer peer, std::string route, Duration timeout, std::atomic<int>* answered) {
    MessagePtr request = requestTo(peer, route);
    const MessagePtr answer = co_await peer.request(std::move(request), timeout);
    if (answer != nullptr) ++*answered;
}

asio::awaitable<void> stopped(flows::Server* server) {
    const bool isClean = co_await server->stop(patience);
    EXPECT_TRUE(isClean);
}

void stop(flows::Server& server) {
    run(server.executor(), stopped(&server));
}

TEST(FlowsRouter, LimitsTheRequestsOfAPeerAtWork) {
    Reactor engine;
    Gate gate(engine.executor());
    Router router("route", {.requestsPerPeer = 2});
    router.on("gate", gate.handler());
    flows::Server server(engine, {localTcp()});
    Running serving(engine.executor(), server.serve(router));
    std::atomic<int> answered = 0;
    {
        Peer peer;
        run(engine.executor(), [](Ampe& ampe, Address to, Peer* result) -> asio::awaitable<void> {
            *result = co_await flows::connect(ampe, to);
        }(engine, server.addresses().front(), &peer));
        std::vector<Running> asking;
        for (int i = 0; i < 5; ++i)
            asking.emplace_back(engine.executor(), ask(peer, "gate", patience, &answered));
        ASSERT_TRUE(eventually([&] { return gate.begun == 2; }));
        gate.letGo(1);
        ASSERT_TRUE(eventually([&] { return gate.begun == 3 && answered == 1; }));
        gate.letGo(4);
        asking.clear();
    }
    EXPECT_EQ(answered, 5);
    EXPECT_EQ(gate.mostAtWork, 2);
    stop(server);
}

TEST(FlowsRouter, TheEndOfTheChannelCancelsWhatWasAsked) {
    Router router;
    std::optional<Gate> gate;
    Reactor engine;
    gate.emplace(engine.executor());
    router.on("gate", gate->handler());
    flows::Server server(engine, {localTcp()});
    Running serving(engine.executor(), server.serve(router));
    Reactor clients;
    std::atomic<int> answered = 0;
    run(clients.executor(),
        [](Ampe& ampe, Address to, Gate* waited, std::atomic<int>* count) -> asio::awaitable<void> {
            const Peer peer = co_await flows::connect(ampe, to);
            co_await ask(peer, "gate", 1ms, count);
            EXPECT_TRUE(eventually([&] { return waited->begun == 1; }));
        }(clients, server.addresses().front(), &*gate, &answered));
    EXPECT_TRUE(eventually([&] { return gate->cancelled == 1; }));
    EXPECT_TRUE(eventually([&] { return server.counters().peers == 0; }));
    EXPECT_EQ(router.counters().cancelled, 1U);
    EXPECT_EQ(answered, 0);
    stop(server);
    gate.reset();  // its timer is the engine's
}

asio::awaitable<void> countBytes(RequestContext& request) {
    flows::StreamReader reader = request.stream();
    const std::uint64_t size = co_await reader.readTo([](std::span<const std::byte>) {});
    request.answer(std::to_string(size));
}

asio::awaitable<void> writeTo(Peer peer, std::string route, std::size_t size, std::string expected) {
    flows::StreamWriter writer(peer);
    writer.textHeaders().append("route", route);
    const std::string bytes(size, 'x');
    const error_code ec = co_await codeOf(writer.write(bytes));
    EXPECT_TRUE(!ec || ec == Status::NotAllowed) << "the reader wants no more";
    if (ec) co_return;
    const MessagePtr answer = co_await writer.answer(patience);
    EXPECT_EQ(answer->body.view(), expected);
}

TEST(FlowsRouter, HandsRequestsInPartsToOneHandler) {
    Router router;
    router.on("count", countBytes).on("ignore", answering("did"));
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    pair.onClient(writeTo(peer, "count", 1'000'000, "1000000"));
    pair.onClient(writeTo(peer, "ignore", 100'000, "did ignore"));
    pair.onClient(expectAnswer(peer, "ignore", {.body = "did ignore"}));
    EXPECT_EQ(router.counters().requests, 3U);
    EXPECT_EQ(router.counters().unrouted, 0U);
}

asio::awaitable<void> askOften(Peer peer, std::uint64_t* allocations) {
    constexpr int warmUp = 300;
    constexpr int calls = 1000;
    std::uint64_t before = 0;
    for (int i = 0; i < warmUp + calls; ++i) {
        if (i == warmUp) before = allocationCount();
        MessagePtr request = requestTo(peer, "echo");
        auto answering = peer.request(std::move(request), patience);
        const MessagePtr answer = co_await std::move(answering);
        EXPECT_NE(answer, nullptr);
    }
    *allocations = (allocationCount() - before) / (calls / 10);
}

asio::awaitable<void> answerAsItIs(RequestContext& request) {
    request.answer();
    co_return;
}

asio::awaitable<void> connectAndAskOften(Ampe& engine, Address address, bool isTimed, std::uint64_t* perTen) {
    const Peer peer = co_await flows::connect(engine, address);
    auto asking = askOften(isTimed ? peer.timed() : peer, perTen);
    co_await std::move(asking);
}

/// On one engine: a busy machine takes long to change threads twice for each request.
TEST(FlowsRouter, AllocatesNothingPerRequestInSteadyState) {
    if (!hasOperatorNew()) GTEST_SKIP() << "a sanitizer has operator new";
    Reactor engine;
    Router router("route", {.requestsPerPeer = 1});
    router.on("echo", answerAsItIs);
    flows::Server server(engine, {localTcp()});
    Running serving(engine.executor(), server.serve(router));
    const Address address = server.addresses().front();
    for (const bool isTimed : {false, true}) {
        std::uint64_t perTen = 1;
        run(engine.executor(), connectAndAskOften(engine, address, isTimed, &perTen));
        EXPECT_EQ(perTen, 0U);
    }
    stop(server);
}

asio::awaitable<void> finishLate(RequestContext& request, Event* mayEnd, std::atomic<bool>* begun) {
    *begun = true;
    co_await mayEnd->wait();
    request.answer("finished");
}

TEST(FlowsRouter, StoppingTheServerLetsRequestsAtWorkFinish) {
    Event* mayEnd = nullptr;
    std::atomic<bool> begun = false;
    Router router;
    router.on("late", [&](RequestContext& request) { return finishLate(request, mayEnd, &begun); });
    FlowsPair pair(router);
    Event event(pair.serverReactor.executor());
    mayEnd = &event;
    const Peer peer = pair.connect();
    Running asking(pair.clientReactor.executor(), expectAnswer(peer, "late", {.body = "finished"}));
    ASSERT_TRUE(eventually([&] { return begun.load(); }));
    Running stopping(pair.serverReactor.executor(), stopped(&*pair.server));
    mayEnd->set();
    stopping.join();
    asking.join();
    EXPECT_EQ(router.counters().answered, 1U);
}

TEST(FlowsRouter, PassesSignalsOn) {
    std::promise<std::string> signalled;
    Router router("route", {.onSignal = [&](const Peer&, MessagePtr signal) {
                      signalled.set_value(std::string(signal->body.view()));
                  }});
    FlowsPair pair(router);
    const Peer peer = pair.connect();
    EXPECT_TRUE(peer.trySend(peer.newMessage(OpCode::Signal, "news")));
    auto text = signalled.get_future();
    ASSERT_EQ(text.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(text.get(), "news");
}

}  // namespace
}  // namespace tempeh::test
