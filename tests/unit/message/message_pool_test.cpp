#include "message/message_pool.hpp"

#include "support/allocation_counter.hpp"
#include "support/pool_fixture.hpp"

#include <tempeh/message/detail/text_block.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace tempeh {
namespace {

using detail::MessageAccess;
using test::drain;
using test::makePool;
using test::OwnerScope;
using test::PoolHandle;

constexpr auto poolOnly = AllocationStrategy::PoolOnly;
constexpr auto always = AllocationStrategy::Always;

/// Every rule holds with the shared list alone and on the thread that has a list of its own.
class MessagePoolTest : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(Lists, MessagePoolTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Own" : "Shared"; });

struct Listener : PoolListener {
    std::shared_ptr<PoolListener> hold() noexcept override { return {std::shared_ptr<void>(), this}; }
    void onReturned() noexcept override {
        ++returned;
        freeAtReturn = pool != nullptr ? pool->counters().free : 0;  // takes the lock: it must not be held
    }
    void onObligationDropped(std::uint64_t obligation) noexcept override {
        dropped.push_back(obligation);
        freeAtDrop = pool != nullptr ? pool->counters().free : 0;
    }

    MessagePool* pool = nullptr;
    int returned = 0;
    std::vector<std::uint64_t> dropped;
    std::uint64_t freeAtReturn = 0;
    std::uint64_t freeAtDrop = 0;
};

TEST_P(MessagePoolTest, PoolOnlyMakesNoMoreThanTheMaximum) {
    for (const std::size_t max : {0u, 1u, 3u, 64u, 256u, 1000u, 5000u}) {
        PoolHandle pool = makePool(max / 2, max);
        const OwnerScope owner(*pool, GetParam());
        for (int round = 0; round < 3; ++round) {
            const auto messages = drain(*pool);
            EXPECT_EQ(messages.size(), max);
            EXPECT_EQ(pool->counters().outstanding, max);
        }
        EXPECT_EQ(pool->counters().allocations, max);
        EXPECT_EQ(pool->counters().free, max);
        EXPECT_EQ(pool->counters().misses, 3u);
        EXPECT_EQ(pool->counters().highWater, max);
    }
}

TEST_P(MessagePoolTest, InitialMessagesAreMadeAtOnceAndNeverMoreThanTheMaximum) {
    EXPECT_EQ(makePool(300, 1000)->counters().allocations, 300u);
    EXPECT_EQ(makePool(300, 1000)->counters().free, 300u);
    EXPECT_EQ(makePool(300, 20)->counters().free, 20u);
}

TEST_P(MessagePoolTest, AlwaysGoesBeyondTheMaximumAndComesBackToIt) {
    for (const std::size_t max : {4u, 1024u}) {
        PoolHandle pool = makePool(0, max);
        const OwnerScope owner(*pool, GetParam());
        {
            std::vector<MessagePtr> messages = drain(*pool);
            for (int i = 0; i < 10; ++i)
                messages.push_back(pool->get(always));
            EXPECT_EQ(pool->counters().outstanding, max + 10);

            messages.pop_back();  // still too many: freed, so PoolOnly finds nothing
            EXPECT_EQ(pool->get(poolOnly), nullptr);
            EXPECT_EQ(pool->counters().outstanding, max + 9);
        }
        EXPECT_EQ(pool->counters().free, max);
        EXPECT_EQ(pool->counters().outstanding, 0u);
        EXPECT_EQ(drain(*pool).size(), max);
    }
}

TEST_P(MessagePoolTest, AlwaysTakesFromTheFreeListFirst) {
    PoolHandle pool = makePool(1, 1024);
    const OwnerScope owner(*pool, GetParam());
    const MessagePtr message = pool->get(always);
    EXPECT_EQ(pool->counters().allocations, 1u);
    EXPECT_EQ(pool->counters().hits, 1u);
}

TEST_P(MessagePoolTest, LastInFirstOutAcrossBatches) {
    PoolHandle pool = makePool(1000, 1024);
    const OwnerScope owner(*pool, GetParam());
    std::vector<MessagePtr> messages;
    for (int i = 0; i < 40; ++i)
        messages.push_back(pool->get(poolOnly));  // batches of this pool have 16
    std::vector<Message*> order;
    for (MessagePtr& message : messages) {
        order.push_back(message.get());
        message.reset();
    }
    for (std::size_t i = 0; i < 8; ++i) {
        messages[i] = pool->get(poolOnly);
        EXPECT_EQ(messages[i].get(), order[order.size() - 1 - i]);
    }
}

TEST_P(MessagePoolTest, MessageIsAsNew) {
    PoolHandle pool = makePool(1, 1024);
    const OwnerScope owner(*pool, GetParam());
    MessagePtr message = pool->get(poolOnly);
    const Message* address = message.get();
    message->header.channelNumber = 7;
    message->header.messageId = 42;
    message->textHeaders.append("a", "b");
    message->body.append("hello");
    message->userData = this;
    message.reset();

    message = pool->get(poolOnly);
    ASSERT_EQ(message.get(), address);
    EXPECT_EQ(message->header, BinaryHeader());
    EXPECT_TRUE(message->textHeaders.empty());
    EXPECT_TRUE(message->body.empty());
    EXPECT_EQ(message->userData, nullptr);
    EXPECT_EQ(MessageAccess::account(*message), nullptr);
    EXPECT_EQ(MessageAccess::obligation(*message), 0u);
}

TEST_P(MessagePoolTest, CapacityStaysUpToTheCap) {
    for (const std::size_t max : {8u, 1024u}) {
        PoolHandle pool(MessagePool::create({1, max, 4096, 1 << 20}));
        const OwnerScope owner(*pool, GetParam());
        MessagePtr message = pool->get(poolOnly);
        message->body.prepare(2000);
        const std::size_t kept = message->body.capacity();
        message.reset();
        message = pool->get(poolOnly);
        EXPECT_EQ(message->body.capacity(), kept);

        message->body.prepare(3000);
        message->textHeaders.append("n", std::string(3000, 'x'));  // more than the cap together
        message.reset();
        message = pool->get(poolOnly);
        EXPECT_EQ(message->body.heapBytes(), 0u);
        EXPECT_EQ(detail::TextBlock::heapBytes(message->textHeaders), 0u);
    }
}

TEST_P(MessagePoolTest, BlocksOfAllFreeMessagesStayWithinTheBudget) {
    constexpr std::size_t budget = 40'000;
    for (const std::size_t max : {64u, 1024u}) {
        PoolHandle pool(MessagePool::create({0, max, 4096, budget}));
        const OwnerScope owner(*pool, GetParam());
        for (int round = 0; round < 3; ++round) {
            std::vector<MessagePtr> messages = drain(*pool);
            for (const MessagePtr& message : messages)
                message->body.prepare(1000);
            while (!messages.empty())
                messages.pop_back();

            std::size_t retained = 0;
            for (const MessagePtr& message : drain(*pool))
                retained += message->body.heapBytes();
            EXPECT_LE(retained, budget);
            EXPECT_GE(retained, budget / 4);
        }
    }
}

TEST_P(MessagePoolTest, ReservedMessagesStandBesideTheMaximum) {
    PoolHandle pool = makePool(0, 2);
    const OwnerScope owner(*pool, GetParam());
    std::vector<MessagePtr> reserved;
    for (int i = 0; i < 5; ++i)
        reserved.push_back(pool->getReserved());
    EXPECT_EQ(drain(*pool).size(), 2u);

    Message* last = reserved.back().get();
    last->body.append("notice");
    reserved.pop_back();
    EXPECT_EQ(drain(*pool).size(), 2u);
    reserved.push_back(pool->getReserved());
    EXPECT_EQ(reserved.back().get(), last);
    EXPECT_TRUE(last->body.empty());
    pool->put(std::move(reserved.back()));  // not on the fast way, yet it comes home
    EXPECT_EQ(pool->getReserved().get(), last);
}

TEST_P(MessagePoolTest, AStormOfReservedMessagesIsNotKept) {
    PoolHandle pool = makePool(0, 0);
    const OwnerScope owner(*pool, GetParam());
    const auto storm = [&] {
        std::vector<MessagePtr> reserved;
        for (int i = 0; i < 500; ++i)
            reserved.push_back(pool->getReserved());
    };
    storm();
    storm();
    const auto allocations = pool->counters().allocations;
    EXPECT_GT(allocations, 900u - 64u);
    EXPECT_LT(allocations, 1000u);
}

TEST_P(MessagePoolTest, PutSendsAForeignMessageHome) {
    PoolHandle pool = makePool(1, 1024);
    PoolHandle other = makePool(1, 1024);
    const OwnerScope owner(*pool, GetParam());
    pool->put(other->get(poolOnly));
    EXPECT_EQ(other->counters().free, 1u);
    pool->put(MessagePtr(new Message));
    pool->put(nullptr);
    EXPECT_EQ(pool->counters().free, 1u);
}

TEST_P(MessagePoolTest, MessagesOutliveThePool) {
    MessagePool* pool = test::makePool(10, 1024).release();
    std::vector<MessagePtr> messages;
    for (int i = 0; i < 5; ++i)
        messages.push_back(pool->get(poolOnly));
    messages.push_back(pool->getReserved());
    pool->close();
    messages.back()->body.append("still there");
    EXPECT_EQ(messages.back()->body.view(), "still there");
    messages.clear();  // the last one ends the pool: the leak checker would tell
}

TEST_P(MessagePoolTest, WatchForReturnTellsOnce) {
    for (const std::size_t max : {3u, 1024u}) {
        PoolHandle pool = makePool(3, max);
        Listener listener;
        listener.pool = pool.get();
        pool->setListener(&listener);
        const OwnerScope owner(*pool, GetParam());
        MessagePtr a = pool->get(poolOnly);
        MessagePtr b = pool->get(poolOnly);
        MessagePtr c = pool->get(poolOnly);
        a.reset();
        EXPECT_EQ(listener.returned, 0);
        pool->watchForReturn();
        EXPECT_EQ(listener.returned, 0);
        b.reset();
        EXPECT_EQ(listener.returned, 1);
        EXPECT_EQ(listener.freeAtReturn, 2u);
        c.reset();
        EXPECT_EQ(listener.returned, 1);
        pool->watchForReturn();
        pool->getReserved().reset();
        EXPECT_EQ(listener.returned, 2);
    }
}

TEST_P(MessagePoolTest, DroppedObligationIsTold) {
    PoolHandle pool = makePool(3, 1024);
    Listener listener;
    listener.pool = pool.get();
    pool->setListener(&listener);
    const OwnerScope owner(*pool, GetParam());
    MessagePtr message = pool->get(poolOnly);
    MessageAccess::setObligation(*message, 77);
    message.reset();
    EXPECT_EQ(listener.dropped, std::vector<std::uint64_t>{77});
    EXPECT_EQ(listener.freeAtDrop, 3u);

    message = pool->get(poolOnly);
    EXPECT_EQ(MessageAccess::obligation(*message), 0u);
    message.reset();
    EXPECT_EQ(listener.dropped.size(), 1u);
}

TEST_P(MessagePoolTest, NothingIsToldAfterClose) {
    MessagePool* pool = test::makePool(3, 1024).release();
    Listener listener;
    pool->setListener(&listener);
    MessagePtr message;
    {
        const OwnerScope owner(*pool, GetParam());
        message = pool->get(poolOnly);
        MessageAccess::setObligation(*message, 77);
        pool->watchForReturn();
    }
    pool->close();
    message.reset();
    EXPECT_EQ(listener.returned, 0);
    EXPECT_TRUE(listener.dropped.empty());
}

TEST_P(MessagePoolTest, AccountCountsEachMessageOnce) {
    PoolHandle pool = makePool(3, 1024);
    const OwnerScope owner(*pool, GetParam());
    detail::InboundAccount* account = pool->openAccount();
    std::array<MessagePtr, 3> messages;
    for (MessagePtr& message : messages) {
        message = pool->get(poolOnly);
        MessageAccess::setAccount(*message, account);
        ++account->delivered;
    }
    EXPECT_EQ(account->outstanding(), 3u);
    messages[0].reset();
    EXPECT_EQ(account->outstanding(), 2u);
    MessagePool::settleAccount(*messages[1]);  // posted
    EXPECT_EQ(account->outstanding(), 1u);
    messages[1].reset();
    EXPECT_EQ(account->outstanding(), 1u);

    pool->closeAccount(account);  // one is out still: not given to anybody else
    detail::InboundAccount* second = pool->openAccount();
    EXPECT_NE(second, account);
    messages[2].reset();
    pool->closeAccount(second);
    detail::InboundAccount* third = pool->openAccount();
    EXPECT_TRUE(third == account || third == second);
    EXPECT_EQ(third->outstanding(), 0u);
    EXPECT_EQ(third->delivered, 0u);
}

TEST_P(MessagePoolTest, SteadyStateAllocatesNothing) {
    for (const std::size_t max : {100u, 4096u}) {
        PoolHandle pool = makePool(max, max);
        const OwnerScope owner(*pool, GetParam());
        std::array<MessagePtr, 90> messages;
        const auto round = [&] {
            for (MessagePtr& message : messages) {
                message = pool->get(poolOnly);
                message->textHeaders.append("name", "value");
                message->body.prepare(1000);
                message->body.commit(1000);
            }
            for (MessagePtr& message : messages)
                message.reset();
        };
        // The coldest messages come into use only when batches are traded.
        for (int i = 0; i < 100; ++i)
            round();
        const auto before = test::allocationCount();
        for (int i = 0; i < 1000; ++i)
            round();
        EXPECT_EQ(test::allocationCount() - before, 0u);
    }
}

TEST(MessagePoolOwner, LeavingTheOwnerListPutsItIntoTheSharedOne) {
    PoolHandle pool = makePool(4096, 4096);
    {
        const OwnerScope owner(*pool);
        drain(*pool);
    }
    EXPECT_EQ(drain(*pool).size(), 4096u);
}

TEST(MessagePoolOwner, AThreadThatFindsNothingGetsTheOwnListWithTheNextReturn) {
    PoolHandle pool = makePool(4096, 4096);
    pool->setOwner(pool.get());
    std::vector<MessagePtr> owned;
    {
        const base::ThreadTokenScope scope(pool.get());
        drain(*pool);  // leaves the own list as full as it gets
        owned.push_back(pool->get(poolOnly));
    }
    const std::vector<MessagePtr> foreign = drain(*pool);  // without the token: another thread
    EXPECT_GT(foreign.size(), 4096u - 200u);
    EXPECT_LT(foreign.size(), 4096u);
    {
        const base::ThreadTokenScope scope(pool.get());
        owned.clear();
    }
    EXPECT_EQ(foreign.size() + drain(*pool).size(), 4096u);
}

TEST(MessagePoolOwner, FlushOwnListHidesNothing) {
    PoolHandle pool = makePool(4096, 4096);
    pool->setOwner(pool.get());
    {
        const base::ThreadTokenScope scope(pool.get());
        drain(*pool);
        pool->flushOwnList();
    }
    EXPECT_EQ(drain(*pool).size(), 4096u);
}

TEST(MessagePoolOwner, ASmallPoolHidesNothing) {
    PoolHandle pool = makePool(255, 255);
    pool->setOwner(pool.get());
    {
        const base::ThreadTokenScope scope(pool.get());
        drain(*pool);
    }
    EXPECT_EQ(drain(*pool).size(), 255u);
}

}  // namespace
}  // namespace tempeh
