// Groups of one engine that hand messages to each other: coroutines on the reactor run in turn, without a way
// through the scheduler.

#include "support/engine_fixture.hpp"
#include "support/scale.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tempeh::test {
namespace {

/// How a coroutine ended.
struct Ended {
    std::uint64_t received = 0;
    error_code receiving;  ///< What waitReceive said.
    error_code handing;    ///< What updateReceiver said.
};

/// Hands on what it gets, up to `limit` messages, counting it in the message.
asio::awaitable<Ended> handOn(ChannelGroup& mine, ChannelGroup& other, std::uint64_t limit) {
    Ended ended;
    try {
        while (ended.received < limit && !ended.handing) {
            MessagePtr message = co_await mine.waitReceive();
            ++ended.received;
            ++message->header.messageId;
            other.updateReceiver(std::move(message), ended.handing);
        }
    } catch (const Error& error) {
        ended.receiving = error.code();
    }
    co_return ended;
}

/// The same with a token of which the engine knows nothing.
asio::awaitable<Ended> handOnWithToken(ChannelGroup& mine, ChannelGroup& other, std::uint64_t limit) {
    Ended ended;
    while (ended.received < limit && !ended.handing) {
        MessagePtr message =
            co_await mine.waitReceive(infinite, asio::redirect_error(asio::use_awaitable, ended.receiving));
        if (ended.receiving) break;
        ++ended.received;
        ++message->header.messageId;
        other.updateReceiver(std::move(message), ended.handing);
    }
    co_return ended;
}

template <typename T>
T get(std::future<T>& future) {
    if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("hangs");
    return future.get();
}

constexpr std::uint64_t always = UINT64_MAX;

class Handover : public testing::Test {
protected:
    /// The coroutines use the groups until the reactor is gone.
    ~Handover() override { reactor_.reset(); }

    /// Two coroutines on these executors, and a message for the first.
    void start(const asio::any_io_executor& first, const asio::any_io_executor& second,
               std::uint64_t limit = always) {
        first_ = asio::co_spawn(first, handOn(one_, two_, limit), asio::use_future);
        second_ = asio::co_spawn(second, handOn(two_, one_, limit), asio::use_future);
        serve();
    }
    void start(std::uint64_t limit = always) { start(reactor_->executor(), reactor_->executor(), limit); }
    void serve() {
        MessagePtr message = reactor_->get();
        message->header.opCode = OpCode::Signal;
        one_.updateReceiver(std::move(message));
    }
    /// Some rounds have been played, and more are.
    void waitUntilItRuns() {
        const std::uint64_t before = reactor_->stats().receiverWakes;
        ASSERT_TRUE(eventually([&] { return reactor_->stats().receiverWakes > before + 100; }));
    }

    std::optional<Reactor> reactor_{std::in_place};
    ChannelGroup one_ = reactor_->createGroup();
    ChannelGroup two_ = reactor_->createGroup();
    std::future<Ended> first_;
    std::future<Ended> second_;
};

TEST_F(Handover, ManyRoundsLoseNothing) {
    const std::uint64_t rounds = scaled(50'000);
    start(rounds);
    EXPECT_EQ(get(first_).received, rounds);
    EXPECT_EQ(get(second_).received, rounds);
    const MessagePtr message = one_.tryReceive();
    ASSERT_NE(message, nullptr) << "back where it began";
    EXPECT_EQ(message->header.messageId, 2 * rounds);
    EXPECT_EQ(statusOf(*message), Status::ReceiverUpdate);
    EXPECT_EQ(two_.stats().pending, 0U);
    EXPECT_EQ(reactor_->stats().pool.outstanding, 1U);
}

TEST_F(Handover, ToACoroutineWithAnotherToken) {
    const std::uint64_t rounds = scaled(20'000);
    const asio::any_io_executor executor = reactor_->executor();
    first_ = asio::co_spawn(executor, handOn(one_, two_, rounds), asio::use_future);
    second_ = asio::co_spawn(executor, handOnWithToken(two_, one_, rounds), asio::use_future);
    serve();
    EXPECT_EQ(get(first_).received, rounds);
    EXPECT_EQ(get(second_).received, rounds);
    EXPECT_EQ(one_.tryReceive()->header.messageId, 2 * rounds);
}

TEST_F(Handover, ManyMessagesAtOnce) {
    const std::uint64_t count = 1000;
    start(count);
    for (std::uint64_t i = 1; i < count; ++i)
        serve();
    EXPECT_EQ(get(first_).received, count);
    EXPECT_EQ(get(second_).received, count);
    EXPECT_EQ(one_.stats().pending + two_.stats().pending, count) << "all of them are still there";
    EXPECT_EQ(reactor_->stats().pool.outstanding, count);
}

TEST_F(Handover, BetweenExecutors) {
    const std::uint64_t rounds = scaled(20'000);
    asio::thread_pool elsewhere(1);
    start(reactor_->executor(), elsewhere.get_executor(), rounds);
    EXPECT_EQ(get(first_).received, rounds);
    EXPECT_EQ(get(second_).received, rounds);
    EXPECT_EQ(one_.tryReceive()->header.messageId, 2 * rounds);
}

TEST_F(Handover, ACircleOfManyGroups) {
    constexpr std::size_t size = 300;  // more than run in a row
    const std::uint64_t rounds = scaled(100);
    std::vector<ChannelGroup> groups;
    for (std::size_t i = 0; i < size; ++i)
        groups.push_back(reactor_->createGroup());
    std::vector<std::future<Ended>> ended;
    for (std::size_t i = 0; i < size; ++i)
        ended.push_back(asio::co_spawn(reactor_->executor(),
                                       handOn(groups[i], groups[(i + 1) % size], rounds), asio::use_future));
    for (ChannelGroup& group : groups)
        group.updateReceiver();
    for (std::future<Ended>& one : ended)
        EXPECT_EQ(get(one).received, rounds);
    std::uint64_t pending = 0;
    for (const ChannelGroup& group : groups)
        pending += group.stats().pending;
    EXPECT_EQ(pending, size) << "all of them are still there";
}

// --- Others on the executor get their turn ---

asio::awaitable<int> countTimers(int count) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    int fired = 0;
    for (; fired < count; ++fired) {
        timer.expires_after(std::chrono::microseconds(10));
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_return fired;
}

asio::awaitable<int> countPosts(int count) {
    int posted = 0;
    for (; posted < count; ++posted)
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    co_return posted;
}

TEST_F(Handover, LetsTimersAndOtherCoroutinesRun) {
    start();
    waitUntilItRuns();
    auto timers = asio::co_spawn(reactor_->executor(), countTimers(20), asio::use_future);
    auto posts = asio::co_spawn(reactor_->executor(), countPosts(20), asio::use_future);
    EXPECT_EQ(get(timers), 20);
    EXPECT_EQ(get(posts), 20);
    waitUntilItRuns();
}

TEST_F(Handover, LetsSocketsRun) {
    start();
    waitUntilItRuns();
    Party party(*reactor_);
    const Listening listening = party.listen(localTcp());
    const ChannelNumber atClient = party.sayHello(listening.address).channelNumber;
    const ChannelNumber atServer = party.acceptHello();
    party.next(OpCode::HelloResponse);
    for (int i = 0; i < 10; ++i) {
        party.post(OpCode::Signal, i % 2 == 0 ? atClient : atServer, std::to_string(i));
        EXPECT_EQ(party.next(OpCode::Signal)->body.view(), std::to_string(i));
    }
    waitUntilItRuns();
}

// --- Ends in the middle ---

TEST_F(Handover, TheReactorIsDestroyedInTheMiddle) {
    start();
    waitUntilItRuns();
    reactor_.reset();
    const Ended first = get(first_);
    const Ended second = get(second_);
    // Who had the message at the time could not hand it on; the other waits in vain.
    for (const Ended& ended : {first, second})
        EXPECT_TRUE(ended.receiving == Status::ShutdownStarted || ended.handing == Status::ShutdownStarted)
            << ended.receiving << ' ' << ended.handing;
    EXPECT_LE(std::max(first.received, second.received) - std::min(first.received, second.received), 1U);
}

TEST_F(Handover, AShutdownInTheMiddle) {
    start();
    waitUntilItRuns();
    EXPECT_TRUE(reactor_->shutdown(patience).complete);
    get(first_);
    get(second_);
    EXPECT_TRUE(eventually([&] { return reactor_->stats().pool.outstanding <= 1; }));
}

TEST_F(Handover, AGroupIsDestroyedInTheMiddle) {
    for (int round = 0; round < 20; ++round) {
        start();
        waitUntilItRuns();
        // On the reactor, where nobody looks at the handle meanwhile.
        asio::post(reactor_->executor(), asio::use_future([this] { two_ = ChannelGroup(); })).get();
        const Ended second = get(second_);
        EXPECT_TRUE(second.receiving == asio::error::operation_aborted ||
                    second.receiving == Status::InvalidChannelGroup)
            << second.receiving;
        serve();  // the message may have gone with the group
        EXPECT_EQ(get(first_).handing, Status::InvalidChannelGroup);
        while (one_.tryReceive() != nullptr) {
        }
        two_ = reactor_->createGroup();
    }
    EXPECT_TRUE(eventually([&] { return reactor_->stats().pool.outstanding == 0; })) << "nothing leaks";
}

asio::awaitable<void> handOverAndDestroy(ChannelGroup& other, MessagePtr message) {
    other.updateReceiver(std::move(message));
    other = ChannelGroup();
    co_return;
}

// The receiver is on its way already when its group goes.
TEST_F(Handover, AGroupIsDestroyedRightAfterItGotAMessage) {
    for (int round = 0; round < 200; ++round) {
        second_ = asio::co_spawn(reactor_->executor(), handOn(two_, one_, 2), asio::use_future);
        auto destroyed =
            asio::co_spawn(reactor_->executor(), handOverAndDestroy(two_, reactor_->get()), asio::use_future);
        get(destroyed);
        const Ended second = get(second_);
        EXPECT_LE(second.received, 1U);
        EXPECT_TRUE(second.receiving == asio::error::operation_aborted ||
                    second.receiving == Status::InvalidChannelGroup)
            << second.receiving;
        while (one_.tryReceive() != nullptr) {
        }
        two_ = reactor_->createGroup();
    }
    EXPECT_TRUE(eventually([&] { return reactor_->stats().pool.outstanding == 0; })) << "nothing leaks";
}

/// Is destroyed with the coroutine whose parameter it is.
using Witness = std::shared_ptr<int>;

asio::awaitable<void> handOnForEver(ChannelGroup& mine, ChannelGroup& other, Witness) {
    co_await handOn(mine, other, always);
}

// With a wake on its way at that moment: what a socket brings begins it in one of the engine's turns, where
// it then stays.
TEST(HandoverOnACallersContext, TheContextGoesInTheMiddle) {
    for (int round = 0; round < 10; ++round) {
        std::optional<Party> one;
        ChannelGroup two;
        const Witness witness = std::make_shared<int>();
        {
            asio::io_context context;
            std::optional<Reactor> reactor(std::in_place, context);
            one.emplace(*reactor);
            two = reactor->createGroup();
            auto guard = asio::make_work_guard(context);
            std::thread runner([&context] { context.run(); });
            const ChannelNumber atClient = one->sayHello(one->listen(localTcp()).address).channelNumber;
            one->acceptHello();
            one->next(OpCode::HelloResponse);
            asio::co_spawn(reactor->executor(), handOnForEver(one->group, two, witness), asio::detached);
            asio::co_spawn(reactor->executor(), handOnForEver(two, one->group, witness), asio::detached);
            one->post(OpCode::Signal, atClient);
            EXPECT_TRUE(eventually([&] { return reactor->stats().receiverWakes > 1000; }));
            context.stop();
            runner.join();
            EXPECT_EQ(witness.use_count(), 3);
            if (round % 2 == 0) reactor.reset();
        }
        EXPECT_EQ(witness.use_count(), 1) << "the coroutines are gone with the context";
        error_code ec;
        one->group.updateReceiver(ec);
        EXPECT_EQ(ec, Status::ShutdownStarted);
    }
}

asio::awaitable<void> receiveInto(std::string& body, ChannelGroup& group, Witness) {
    const MessagePtr message = co_await group.waitReceive();
    body = message->body.view();
}

// Its executor goes while a message is on its way there: somebody else gets it.
TEST(HandoverToAnotherContext, TheContextGoesWithTheWakeInIt) {
    Side side;
    std::string body;
    const Witness witness = std::make_shared<int>();
    {
        asio::io_context elsewhere;
        asio::co_spawn(elsewhere, receiveInto(body, side->group, witness), asio::detached);
        elsewhere.run_one();  // it waits
        side->channels.updateReceiver(side->make(OpCode::Signal, 0, "for somebody"));
    }
    EXPECT_EQ(witness.use_count(), 1);
    EXPECT_TRUE(body.empty());
    EXPECT_EQ(side->next()->body.view(), "for somebody");
}

TEST(HandoverToAnotherContext, TheContextIsServedWhenItRuns) {
    Side side;
    std::string body;
    asio::io_context elsewhere;
    asio::co_spawn(elsewhere, receiveInto(body, side->group, nullptr), asio::detached);
    elsewhere.poll();
    elsewhere.restart();
    EXPECT_TRUE(body.empty());
    side->channels.updateReceiver(side->make(OpCode::Signal, 0, "for it"));
    elsewhere.poll();
    EXPECT_EQ(body, "for it");
}

}  // namespace
}  // namespace tempeh::test
