#include "message/message_pool.hpp"
#include "support/pool_fixture.hpp"

#include <tempeh/message/message_queue.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <latch>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace tempeh {
namespace {

using detail::MessageAccess;
using test::drain;
using test::makePool;
using test::OwnerScope;
using test::PoolHandle;

using enum AllocationStrategy;

/// Messages from thread to thread.
class Belt {
public:
    void push(MessagePtr message) {
        const std::lock_guard lock(mutex_);
        queue_.pushBack(std::move(message));
        filled_.notify_one();
    }
    void stop() {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
        filled_.notify_all();
    }
    /// Waits; empty: stopped.
    MessageQueue popAll() {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
        return std::move(queue_);
    }

private:
    std::mutex mutex_;
    std::condition_variable filled_;
    MessageQueue queue_;
    bool stopped_ = false;
};

struct Signal : PoolListener {
    std::shared_ptr<PoolListener> hold() noexcept override { return {std::shared_ptr<void>(), this}; }
    void onReturned() noexcept override {
        const std::lock_guard lock(mutex);
        happened = true;
        changed.notify_all();
    }
    void onObligationDropped(std::uint64_t obligation) noexcept override {
        dropped.fetch_add(obligation, std::memory_order_relaxed);
    }
    void wait() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return happened; });
        happened = false;
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool happened = false;
    std::atomic<std::uint64_t> dropped{0};
};

TEST(MessagePoolThreads, OwnerGetsOthersReturn) {
    constexpr std::uint64_t count = 200'000;
    for (const std::size_t max : {16u, 1024u}) {
        PoolHandle pool = makePool(0, max);
        Signal signal;
        pool->setListener(&signal);
        const OwnerScope owner(*pool);
        detail::InboundAccount* account = pool->openAccount();
        Belt belt;
        std::jthread worker([&] {
            for (MessageQueue queue = belt.popAll(); !queue.empty(); queue = belt.popAll())
                queue.clear();
        });

        for (std::uint64_t i = 1; i <= count; ++i) {
            MessagePtr message = pool->get(PoolOnly);
            while (!message) {
                pool->watchForReturn();
                message = pool->get(PoolOnly);
                if (message) break;
                signal.wait();  // would hang if a return were missed
                message = pool->get(PoolOnly);
            }
            message->header.messageId = i;
            message->body.append("some words");
            if (i % 16 == 0) MessageAccess::setObligation(*message, 1);
            MessageAccess::setAccount(*message, account);
            ++account->delivered;
            belt.push(std::move(message));
        }
        belt.stop();
        worker.join();
        EXPECT_EQ(account->outstanding(), 0u);
        EXPECT_EQ(signal.dropped.load(), count / 16);
        EXPECT_EQ(pool->counters().outstanding, 0u);
        EXPECT_LE(pool->counters().allocations, max);
        pool->closeAccount(account);
    }
}

TEST(MessagePoolThreads, OthersGetOwnerReturns) {
    constexpr int count = 200'000;
    PoolHandle pool = makePool(0, 1024);
    const OwnerScope owner(*pool);
    Belt belt;
    std::jthread worker([&] {
        for (int i = 0; i < count; ++i) {
            MessagePtr message;
            while (!(message = pool->get(PoolOnly)))
                std::this_thread::yield();
            belt.push(std::move(message));
        }
        belt.stop();
    });
    int seen = 0;
    for (MessageQueue queue = belt.popAll(); !queue.empty(); queue = belt.popAll()) {
        while (MessagePtr message = queue.popFront()) {
            pool->put(std::move(message));
            ++seen;
        }
        pool->flushOwnList();  // about to wait: what stays behind could starve the worker
    }
    EXPECT_EQ(seen, count);
    EXPECT_LE(pool->counters().allocations, 1024u);
    EXPECT_EQ(pool->counters().outstanding, 0u);
}

/// Random gets and returns on every thread, with blocks and both strategies; nobody sees another's message.
void hammer(MessagePool& pool, unsigned seed, int rounds) {
    std::minstd_rand random(seed);
    std::vector<MessagePtr> held;
    for (int i = 0; i < rounds; ++i) {
        if (held.size() < 40 && random() % 2 == 0) {
            MessagePtr message = random() % 8 == 0 ? pool.get(Always) : pool.get(PoolOnly);
            if (!message) continue;
            ASSERT_EQ(message->header.messageId, 0u);
            ASSERT_TRUE(message->body.empty());
            message->header.messageId = seed;
            if (random() % 4 == 0) message->body.prepare(random() % 3000);
            held.push_back(std::move(message));
        } else if (!held.empty()) {
            std::swap(held[random() % held.size()], held.back());
            ASSERT_EQ(held.back()->header.messageId, seed);
            held.pop_back();
        }
        if (random() % 1024 == 0) pool.getReserved().reset();
        if (random() % 1024 == 0) pool.watchForReturn();
    }
}

TEST(MessagePoolThreads, EveryThreadDoesEverything) {
    for (const std::size_t max : {20u, 300u}) {
        PoolHandle pool(MessagePool::create({0, max, 2048, 16 * 1024}));
        Signal signal;
        pool->setListener(&signal);
        {
            std::vector<std::jthread> threads;
            for (unsigned seed = 2; seed < 5; ++seed)
                threads.emplace_back([&pool, seed] { hammer(*pool, seed, 50'000); });
            const OwnerScope owner(*pool);
            hammer(*pool, 1, 50'000);
            for (std::jthread& thread : threads)
                thread.join();
        }
        const PoolCounters counters = pool->counters();
        EXPECT_EQ(counters.outstanding, 0u);
        EXPECT_LE(counters.free, max);
        EXPECT_EQ(drain(*pool).size(), max);
    }
}

TEST(MessagePoolThreads, ClosesWhileOthersReturn) {
    for (int round = 0; round < 200; ++round) {
        MessagePool* pool = makePool(0, 64).release();
        Signal signal;
        pool->setListener(&signal);
        std::vector<MessagePtr> messages = drain(*pool);
        for (const MessagePtr& message : messages)
            MessageAccess::setObligation(*message, 1);
        pool->watchForReturn();
        std::latch ready(3);
        const auto giveBack = [&](std::size_t begin) {
            ready.arrive_and_wait();
            for (std::size_t i = begin; i < messages.size(); i += 2)
                messages[i].reset();
        };
        std::jthread first([&] { giveBack(0); });
        std::jthread second([&] { giveBack(1); });
        ready.arrive_and_wait();
        pool->close();
        first.join();
        second.join();
        EXPECT_LE(signal.dropped.load(), messages.size());
    }
}

/// As an engine is to its pool: its destructor closes it.
struct Owner final : PoolListener, std::enable_shared_from_this<Owner> {
    explicit Owner(MessagePool& owned) : pool(owned) {}
    ~Owner() { pool.close(); }
    std::shared_ptr<PoolListener> hold() noexcept override { return weak_from_this().lock(); }
    void onReturned() noexcept override { called(); }
    void onObligationDropped(std::uint64_t) noexcept override {}

    MessagePool& pool;
    std::function<void()> called;
};

TEST(MessagePoolThreads, AListenerMayGoWithTheCallThatHoldsIt) {
    MessagePool* pool = makePool(1, 64).release();
    auto owner = std::make_shared<Owner>(*pool);
    const std::weak_ptr<Owner> gone = owner;
    owner->called = [&owner] { owner.reset(); };
    pool->setListener(owner.get());
    MessagePtr message = pool->get(PoolOnly);
    MessagePtr kept = pool->get(PoolOnly);
    pool->watchForReturn();
    message.reset();  // hangs if close() waits for the call it is in
    EXPECT_TRUE(gone.expired());
}

TEST(MessagePoolThreads, AListenerLivesAsLongAsACallOfIt) {
    std::latch entered(1);
    std::latch released(1);
    std::atomic<bool> isThere = false;
    MessagePool* pool = makePool(1, 64).release();
    auto owner = std::make_shared<Owner>(*pool);
    const std::weak_ptr<Owner> known = owner;
    owner->called = [&] {
        entered.count_down();
        released.wait();
        isThere = !known.expired();
    };
    pool->setListener(owner.get());
    MessagePtr message = pool->get(PoolOnly);
    pool->watchForReturn();
    {
        std::jthread returner([&] { message.reset(); });
        entered.wait();
        owner.reset();
        released.count_down();
    }
    EXPECT_TRUE(isThere.load());
    EXPECT_TRUE(known.expired());
}

}  // namespace
}  // namespace tempeh
