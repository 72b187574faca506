#include "actors/actors_fixture.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

namespace tempeh::actors_test::mailbox {
namespace {

struct Block {
    Gate* entered;
    Gate* gate;
};
struct Item {
    int n;
};
struct Items {
    using Reply = std::vector<int>;
};

class Collector {
public:
    void handle(const Block& block) {
        block.entered->open();
        block.gate->wait();
    }
    void handle(Item item) { items_.push_back(item.n); }
    std::vector<int> handle(Items) { return items_; }
    void handle(Sync) {}

private:
    std::vector<int> items_;
};

/// An actor that is kept from handling what it gets until open().
class Mailbox : public ::testing::Test {
protected:
    actors::Ref<Collector> spawn(actors::OnFull onFull) {
        const auto ref = system.spawn<Collector>({.mailbox = {.capacity = 3, .onFull = onFull}});
        ref.tell(Block{&entered, &gate});
        entered.wait();
        return ref;
    }
    std::vector<actors::Errc> fill(const actors::Ref<Collector>& ref, int count) {
        std::vector<actors::Errc> results;
        for (int i = 1; i <= count; ++i)
            results.push_back(ref.tell(Item{i}));
        return results;
    }
    static std::vector<int> itemsOf(const actors::Ref<Collector>& ref) {
        std::vector<int> items;
        while (errcOf([&] { items = ref.blocking().ask<Items>(patience); }) != actors::Errc::Success) {
        }
        return items;
    }

    Gate entered;
    Gate gate;
    actors::System system{onThreads(1)};
};

using actors::Errc;

TEST_F(Mailbox, RefusesWhenFull) {
    const auto ref = spawn(actors::OnFull::Refuse);
    EXPECT_EQ(fill(ref, 4),
              (std::vector<Errc>{Errc::Success, Errc::Success, Errc::Success, Errc::MailboxFull}));
    gate.open();
    EXPECT_EQ(itemsOf(ref), (std::vector<int>{1, 2, 3}));
    EXPECT_GE(system.deadLetters().of(Errc::MailboxFull), 1U);
}

TEST_F(Mailbox, DropsTheOldest) {
    const auto ref = spawn(actors::OnFull::DropOldest);
    fill(ref, 5);
    EXPECT_EQ(system.deadLetters().total, 0U);  // taken out when its worker comes to it
    gate.open();
    std::vector<int> items = itemsOf(ref);
    if (items.size() == 3) items.erase(items.begin());  // else the question took the place of the 3
    EXPECT_EQ(items, (std::vector<int>{4, 5}));
    EXPECT_GE(system.deadLetters().of(Errc::MailboxFull), 2U);
}

TEST_F(Mailbox, DropsTheNewest) {
    const auto ref = spawn(actors::OnFull::DropNewest);
    EXPECT_EQ(fill(ref, 5).back(), Errc::MailboxFull);
    gate.open();
    EXPECT_EQ(itemsOf(ref), (std::vector<int>{1, 2, 3}));
}

TEST_F(Mailbox, HasSendWaitForRoom) {
    const auto ref = spawn(actors::OnFull::Wait);
    EXPECT_EQ(fill(ref, 4).back(), Errc::MailboxFull);  // tell never waits
    auto fourth = ref.send<Item>(40)(asio::use_future);
    auto fifth = ref.send<Item>(50)(asio::use_future);
    EXPECT_EQ(fourth.wait_for(1ms), std::future_status::timeout);
    gate.open();
    fourth.get();
    fifth.get();
    EXPECT_EQ(itemsOf(ref), (std::vector<int>{1, 2, 3, 40, 50}));
}

TEST_F(Mailbox, EndsAWaitingSendWithItsActor) {
    const auto ref = spawn(actors::OnFull::Wait);
    fill(ref, 3);
    auto waiting = ref.send<Item>(40)(asio::use_future);
    auto stopped = std::async(std::launch::async, [&] { return system.stopBlocking(patience); });
    gate.open();
    EXPECT_TRUE(stopped.get().complete);
    const Errc errc = errcOf([&] { waiting.get(); });
    EXPECT_TRUE(errc == Errc::ShuttingDown || errc == Errc::Stopped || errc == Errc::Success) << errc;
}

TEST(MailboxOrder, BetweenOneSenderAndOneReceiverIsKept) {
    struct Relay {
        Relay(actors::Context&, actors::Ref<Collector> to) : to_(std::move(to)) {}
        void handle(Item item) { to_.tell(item); }
        actors::Ref<Collector> to_;
    };
    for (const std::size_t threads : {1U, 2U}) {
        actors::System system(onThreads(threads));
        const auto collector = system.spawn<Collector>({.mailbox = {.capacity = 100'000}});
        const auto relay = system.spawn<Relay>({.mailbox = {.capacity = 100'000}}, collector);
        constexpr int count = 20'000;
        for (int i = 0; i < count; ++i)
            ASSERT_EQ(relay.tell(Item{i}), Errc::Success);
        std::vector<int> items;
        while (items.size() < count)
            items = collector.blocking().ask<Items>(patience);
        for (int i = 0; i < count; ++i)
            ASSERT_EQ(items[static_cast<std::size_t>(i)], i);
    }
}

TEST(MailboxRaces, ManyThreadsTellOne) {
    actors::System system(onThreads(2));
    const auto collector = system.spawn<Collector>({.mailbox = {.capacity = 1'000'000}});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&collector] {
            for (int i = 0; i < 2000; ++i)
                ASSERT_EQ(collector.tell(Item{i}), Errc::Success);
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(collector.blocking().ask<Items>(patience).size(), 8000U);
}

struct Start {};
struct Seen {
    using Reply = std::vector<std::string>;
};
class Timed {
public:
    explicit Timed(actors::Context& self) : self_(self) {}
    void handle(Start) {
        self_.after(1ms, Item{1});
        ticking_ = self_.every(1ms, Item{2});
        self_.start(run());
    }
    void handle(Item item) {
        if (item.n == 1) seen_.push_back("after");
        if (item.n != 2) return;
        if (++ticks_ == 3) seen_.push_back(self_.cancel(ticking_) ? "cancelled" : "no timer");
    }
    std::vector<std::string> handle(Seen) { return seen_; }

private:
    asio::awaitable<void> run() {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
        co_await timer.async_wait(asio::use_awaitable);
        seen_.push_back("task");
    }
    actors::Context& self_;
    actors::TimerId ticking_;
    int ticks_ = 0;
    std::vector<std::string> seen_;
};

TEST(MailboxTimers, ArriveAsMessagesAndTasksRunBetweenThem) {
    actors::System system(onThreads(1));
    const auto timed = system.spawn<Timed>();
    timed.tell(Start{});
    std::vector<std::string> seen;
    while (seen.size() < 3)
        seen = timed.blocking().ask<Seen>(patience);
    std::sort(seen.begin(), seen.end());
    EXPECT_EQ(seen, (std::vector<std::string>{"after", "cancelled", "task"}));
}

struct Suspend {
    asio::steady_timer* timer;
};
class Careful {
public:
    asio::awaitable<void> handle(Suspend m) {
        busy_ = true;
        error_code ec;
        co_await m.timer->async_wait(asio::redirect_error(asio::use_awaitable, ec));
        busy_ = false;
    }
    std::vector<int> handle(Items) { return {busy_ ? 1 : 0}; }

private:
    bool busy_ = false;
};

TEST(MailboxOrder, ASuspendedHandlerKeepsItsActor) {
    actors::System system(onThreads(1));
    asio::io_context io;
    asio::steady_timer timer(io, 20ms);
    const auto careful = system.spawn<Careful>();
    careful.tell(Suspend{&timer});
    auto seen = careful.ask<Items>(patience)(asio::use_future);
    while (seen.wait_for(0s) != std::future_status::ready) {
        io.restart();
        io.run_for(1ms);
    }
    EXPECT_EQ(seen.get(), std::vector<int>{0});
}

struct Park {
    asio::io_context* io;
    Gate* parked;
};
class Parked {
public:
    asio::awaitable<void> handle(Park m) {
        co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
            [m](auto handler) {
                asio::post(*m.io, std::move(handler));
                m.parked->open();
            },
            asio::use_awaitable);
    }
    void handle(Sync) {}
};

TEST(MailboxOrder, AHandlerWhoseContextIsDestroyedHasFailed) {
    actors::System system(onThreads(1));
    auto io = std::make_unique<asio::io_context>();
    Gate gate;
    const auto parked = system.spawn<Parked>({.name = "parked"});
    parked.tell(Park{io.get(), &gate});
    auto behind = parked.ask<Sync>(patience)(asio::use_future);
    gate.wait();
    io.reset();
    EXPECT_EQ(errcOf([&] { behind.get(); }), Errc::Stopped);
    EXPECT_EQ(system.deadLetters().of(Errc::HandlerFailed), 1U);
}

}  // namespace
}  // namespace tempeh::actors_test::mailbox
