// Who may talk to a server: lists of users, a hook that may wait, and what a refused client is told.

#include "support/flows_fixture.hpp"

#include <unistd.h>

namespace tempeh::test {
namespace {

using flows::Hello;
using flows::Peer;
using flows::Refused;
using flows::ServerOptions;

constexpr auto notAllowed = static_cast<std::uint8_t>(Status::NotAllowed);
constexpr auto failed = static_cast<std::uint8_t>(Status::ProcessingFailed);

struct Outcome {
    bool isIn = false;
    std::uint8_t status = 0;
    std::string what;
    error_code code;
};

asio::awaitable<void> tryIn(Ampe& engine, Address address, std::string name, Outcome* outcome) {
    const TextHeader header{"name", name};
    try {
        const Peer peer = co_await flows::connect(engine, address, {.headers = {&header, 1}});
        co_await expectEcho(peer);
        outcome->isIn = true;
    } catch (const Refused& refused) {
        outcome->status = refused.rawStatus();
        outcome->what = refused.what();
        EXPECT_EQ(reasonOf(refused.response()), refused.response().body.view());
    } catch (const Error& error) {
        outcome->code = error.code();
    }
}

Outcome visit(FlowsPair& pair, std::string_view name) {
    Outcome outcome;
    pair.onClient(tryIn(pair.clientReactor, pair.address, std::string(name), &outcome));
    return outcome;
}

void expectRefused(const Outcome& outcome, std::uint8_t status, std::string_view reason) {
    EXPECT_FALSE(outcome.isIn);
    EXPECT_EQ(outcome.status, status);
    EXPECT_NE(outcome.what.find(reason), std::string::npos) << outcome.what;
}

/// Decides by name, and waits first.
asio::awaitable<std::uint8_t> byName(Hello& hello) {
    const std::string name(hello.request.textHeaders.find("name").value_or(""));
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    if (name == "thrower") throw std::runtime_error("secret");
    if (name == "stranger") co_return hello.refuse("not on the guest list", 7);
    co_return 0;
}

TEST(FlowsAuthorize, AHookThatWaitsDecides) {
    FlowsPair pair(echo, localTcp(), {.authorize = byName});
    EXPECT_TRUE(visit(pair, "friend").isIn);
    expectRefused(visit(pair, "stranger"), 7, "not on the guest list");
    const Outcome thrower = visit(pair, "thrower");
    expectRefused(thrower, failed, "the server failed to decide");
    EXPECT_EQ(thrower.what.find("secret"), std::string::npos);
    EXPECT_EQ(pair.server->counters().refused, 2U);
    EXPECT_EQ(pair.server->counters().accepted, 1U);
}

TEST(FlowsAuthorize, TheOtherHookComesFirst) {
    std::atomic<int> asked = 0;
    const flows::AcceptHook accept = [](Hello& hello) { return hello.refuse("closed today", 9); };
    const flows::AuthorizeHook authorize = [&](Hello& hello) {
        ++asked;
        return byName(hello);
    };
    FlowsPair pair(echo, localTcp(), {.accept = accept, .authorize = authorize});
    expectRefused(visit(pair, "friend"), 9, "closed today");
    EXPECT_EQ(asked, 0);
}

/// Holds clients named "slow" until it is opened.
class Door {
public:
    explicit Door(const asio::any_io_executor& executor) : open(executor) {}
    flows::AuthorizeHook hook() {
        return [this](Hello& hello) { return decide(hello); };
    }

    Event open;
    std::atomic<int> held{0};

private:
    asio::awaitable<std::uint8_t> decide(Hello& hello) {
        if (hello.request.textHeaders.find("name") != "slow") co_return 0;
        ++held;
        co_await open.wait();
        co_return 0;
    }
};

/// A server whose hook is a Door.
class Guarded {
public:
    explicit Guarded(ServerOptions options = {}) : door(engine.executor()) {
        options.authorize = door.hook();
        server.emplace(engine, std::vector<Address>{localTcp()}, std::move(options));
        address = server->addresses().front();
        serving.emplace(engine.executor(), server->serve(echo));
    }
    ~Guarded() {
        door.open.set();
        server.reset();
    }
    Running enter(std::string_view name, Outcome& outcome) {
        return {clients.executor(), tryIn(clients, address, std::string(name), &outcome)};
    }

    Reactor engine;
    Reactor clients;
    Door door;
    std::optional<Running> serving;
    std::optional<flows::Server> server;
    Address address;
};

TEST(FlowsAuthorize, OneThatIsSlowToDecideHoldsUpNobodyElse) {
    Guarded guarded;
    Outcome slow;
    Outcome quick;
    Running first = guarded.enter("slow", slow);
    ASSERT_TRUE(eventually([&] { return guarded.door.held == 1; }));
    guarded.enter("quick", quick).join();
    EXPECT_TRUE(quick.isIn);
    EXPECT_EQ(guarded.server->counters().authorizing, 1U);
    guarded.door.open.set();
    first.join();
    EXPECT_TRUE(slow.isIn);
    EXPECT_TRUE(eventually([&] { return guarded.server->counters().authorizing == 0; }));
}

TEST(FlowsAuthorize, SoManyAtOneTimeAndNoMore) {
    Guarded guarded({.maxAuthorizing = 1});
    Outcome one;
    Outcome two;
    Running first = guarded.enter("slow", one);
    ASSERT_TRUE(eventually([&] { return guarded.door.held == 1; }));
    Running second = guarded.enter("slow", two);
    guarded.door.open.set();
    first.join();
    second.join();
    EXPECT_TRUE(one.isIn && two.isIn);
    EXPECT_EQ(guarded.door.held, 2);
}

asio::awaitable<std::uint8_t> neverDecide(Hello& hello, std::atomic<int>* cancelled) {
    asio::steady_timer timer(co_await asio::this_coro::executor, TimePoint::max());
    const error_code ec = co_await codeOf(timer.async_wait(asio::use_awaitable));
    if (ec == asio::error::operation_aborted) ++*cancelled;
    hello.response.body.assign("too late");
    co_return 0;
}

TEST(FlowsAuthorize, WhoIsNotDecidedOnInTimeIsRefused) {
    std::atomic<int> cancelled = 0;
    FlowsPair pair(echo, localTcp(),
                   {.authorize = [&](Hello& hello) { return neverDecide(hello, &cancelled); },
                    .authorizeTimeout = 10ms});
    expectRefused(visit(pair, "anybody"), notAllowed, "the server did not decide in time");
    EXPECT_TRUE(eventually([&] { return cancelled == 1; }));
    EXPECT_EQ(pair.server->counters().accepted, 0U);
}

asio::awaitable<void> stopSoon(flows::Server* server) {
    const bool isClean = co_await server->stop(patience);
    EXPECT_TRUE(isClean);
}

TEST(FlowsAuthorize, AServerThatStopsTurnsThemAway) {
    Guarded guarded({.authorizeTimeout = patience});
    Outcome slow;
    Running waiting = guarded.enter("slow", slow);
    ASSERT_TRUE(eventually([&] { return guarded.door.held == 1; }));
    run(guarded.engine.executor(), stopSoon(&*guarded.server));
    waiting.join();
    EXPECT_FALSE(slow.isIn);
    EXPECT_TRUE(slow.code.failed()) << "not refused: another server may let it in";
    EXPECT_EQ(guarded.server->counters().turnedAway, 1U);
}

TEST(FlowsAuthorize, OnlyUsersAndGroupsOnTheListsConnectThroughUnixSockets) {
    const auto uid = static_cast<std::uint32_t>(::getuid());
    const auto gid = static_cast<std::uint32_t>(::getgid());
    const Address path = UdsServerAddress{};
    const auto isIn = [](const Address& where, ServerOptions options) {
        FlowsPair pair(echo, where, std::move(options));
        const Outcome outcome = visit(pair, "anybody");
        if (!outcome.isIn) expectRefused(outcome, notAllowed, "this user may not connect here");
        return outcome.isIn;
    };
    EXPECT_TRUE(isIn(path, {.allowedUsers = {uid + 1, uid}}));
    EXPECT_TRUE(isIn(path, {.allowedUsers = {uid + 1}, .allowedGroups = {gid}}));
    EXPECT_FALSE(isIn(path, {.allowedUsers = {uid + 1}}));
    EXPECT_FALSE(isIn(path, {.allowedGroups = {gid + 1}}));
    EXPECT_FALSE(isIn(localTcp(), {.allowedUsers = {uid}})) << "the kernel vouches for nobody";
}

TEST(FlowsAuthorize, AFullServerSaysSo) {
    FlowsPair pair(echo, localTcp(), {.maxPeers = 1});
    const Peer first = pair.connect();
    expectRefused(visit(pair, "second"), notAllowed, "all the clients it may have");
}

TEST(FlowsAuthorize, ChecksItsOptions) {
    Reactor engine;
    EXPECT_THROW(flows::Server(engine, {localTcp()}, {.maxAuthorizing = 0}), Error);
    EXPECT_THROW(flows::Server(engine, {localTcp()}, {.authorizeTimeout = 0ms}), Error);
}

// How fast connections may come.

asio::awaitable<void> knock(Ampe& engine, Address address, int* in) {
    const error_code ec = co_await codeOf(flows::connect(engine, address, {.timeout = patience}));
    *in += ec ? 0 : 1;
}

TEST(FlowsAuthorize, AnAddressMayConnectOnlySoOftenASecond) {
    constexpr int tries = 20;
    FlowsPair pair(echo, localTcp(), {}, Options{.maxAcceptsPerSecondPerPeer = 1});
    int in = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < tries; ++i)
        pair.onClient(knock(pair.clientReactor, pair.address, &in));
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begin);
    EXPECT_GE(in, 1);
    EXPECT_LE(in, 1 + seconds.count());
    EXPECT_EQ(pair.serverReactor.stats().refusedByPeer, static_cast<std::uint64_t>(tries - in));
}

TEST(FlowsAuthorize, AListenerAcceptsOnlySoManyASecondAndTheOthersWait) {
    FlowsPair pair(echo, localTcp(), {}, Options{.maxAcceptsPerSecond = 5});
    int in = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 7; ++i)
        pair.onClient(knock(pair.clientReactor, pair.address, &in));
    EXPECT_EQ(in, 7);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 350ms);
}

}  // namespace
}  // namespace tempeh::test
