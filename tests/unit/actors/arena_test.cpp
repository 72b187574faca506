#include "support/allocation_counter.hpp"

#include <tempeh/actors/arena.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tempeh::actors {
namespace {

/// Longer than what a string keeps in itself.
const std::string text(200, 'x');

TEST(Arena, IsEmptyUntilItIsUsed) {
    Arena arena;
    EXPECT_FALSE(arena);
    EXPECT_EQ(arena.holders(), 0U);
    EXPECT_EQ(arena.bytesAllocated(), 0U);
    const std::pmr::string copy(text, &arena);
    EXPECT_TRUE(arena);
    EXPECT_EQ(copy, text.c_str());
    EXPECT_EQ(arena.holders(), 1U);
    EXPECT_GE(arena.bytesAllocated(), text.size());
}

TEST(Arena, StandsForItsResourceAndForAnAllocator) {
    ArenaPool pool;
    Arena arena = pool.get();
    const std::pmr::string byAddress(text, &arena);
    const std::pmr::string byAllocator(text, arena);
    const std::pmr::vector<int> numbers({1, 2, 3}, arena);
    std::pmr::polymorphic_allocator<> allocator = arena;
    EXPECT_EQ(*allocator.new_object<int>(7), 7);
    EXPECT_EQ(byAddress.get_allocator().resource(), arena.resource());
    EXPECT_EQ(byAllocator, byAddress);
}

TEST(Arena, TravelsWithoutMovingWhatIsInIt) {
    ArenaPool pool;
    Arena arena = pool.get();
    std::pmr::string inside(text, &arena);
    const char* const place = inside.data();
    {
        const Arena received = std::move(arena);
        const std::pmr::string moved = std::move(inside);
        EXPECT_EQ(moved.data(), place);
        EXPECT_EQ(pool.counters().inUse, 1U);
    }
    EXPECT_EQ(pool.counters().inUse, 0U);
    EXPECT_EQ(pool.counters().idle, 1U);
}

TEST(Arena, GoesBackWhenTheLastHolderLetsGo) {
    ArenaPool pool;
    std::optional<Arena> first(pool.get());
    Arena second = *first;
    EXPECT_EQ(second.holders(), 2U);
    first.reset();
    EXPECT_EQ(second.holders(), 1U);
    EXPECT_EQ(pool.counters().idle, 0U);
    second = Arena();
    EXPECT_EQ(pool.counters().idle, 1U);
}

TEST(Arena, AllocatesNothingInSteadyState) {
    if (!test::hasOperatorNew()) GTEST_SKIP() << "a sanitizer has operator new to itself";
    ArenaPool pool;
    { const Arena first = pool.get(); }
    const std::uint64_t before = test::allocationCount();
    for (int i = 0; i < 100; ++i) {
        Arena arena = pool.get();
        std::pmr::string inside(text, &arena);
        const Arena shared = arena;
    }
    EXPECT_EQ(test::allocationCount(), before);
    EXPECT_EQ(pool.counters().reused, 100U);
    EXPECT_EQ(pool.counters().made, 1U);
}

TEST(Arena, GrowsAndGivesBackWhatItGrewBy) {
    ArenaPool pool({.blockBytes = 64});
    const std::byte* block = nullptr;
    for (int i = 0; i < 3; ++i) {
        Arena arena = pool.get();
        EXPECT_EQ(arena.bytesAllocated(), 0U);
        auto* const first = static_cast<std::byte*>(arena.resource()->allocate(8));
        if (block == nullptr) block = first;
        EXPECT_EQ(first, block) << "begins at the beginning again";
        for (int j = 0; j < 10; ++j)
            std::memset(arena.resource()->allocate(1000, 64), j, 1000);
        EXPECT_EQ(arena.bytesAllocated(), 10'008U);
    }
    EXPECT_EQ(pool.counters().made, 1U);
}

TEST(ArenaPool, KeepsNoMoreThanItMay) {
    ArenaPool pool({.maxIdle = 2});
    std::vector<Arena> arenas;
    for (int i = 0; i < 5; ++i)
        arenas.push_back(pool.get());
    EXPECT_EQ(pool.counters().inUse, 5U);
    arenas.clear();
    EXPECT_EQ(pool.counters().idle, 2U);
    EXPECT_EQ(pool.counters().inUse, 0U);
}

TEST(ArenaPool, MayGoBeforeItsArenas) {
    std::optional<ArenaPool> pool(std::in_place);
    Arena arena = pool->get();
    { const Arena idle = pool->get(); }
    std::pmr::string inside(text, &arena);
    pool.reset();
    inside.append(text);
    EXPECT_EQ(inside.size(), 2 * text.size());
    EXPECT_EQ(arena.holders(), 1U);
}

TEST(ArenaPool, ServesThreadsThatShareAnArena) {
    ArenaPool pool({.blockBytes = 128, .maxIdle = 2});
    for (int round = 0; round < 50; ++round) {
        Arena arena = pool.get();
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i) {
            threads.emplace_back([&pool, mine = arena]() mutable {
                Arena own = pool.get();
                for (std::uint64_t j = 0; j < 50; ++j) {
                    auto* const number = static_cast<std::uint64_t*>(mine.resource()->allocate(sizeof(j)));
                    *number = j;
                    auto* const other = static_cast<std::uint64_t*>(own.resource()->allocate(sizeof(j)));
                    *other = *number;
                    ASSERT_EQ(*number, j);
                }
            });
        }
        arena = Arena();
        for (std::thread& thread : threads)
            thread.join();
    }
    EXPECT_EQ(pool.counters().inUse, 0U);
}

}  // namespace
}  // namespace tempeh::actors
