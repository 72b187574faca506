// The right to write and the memory of a handler, taken by many threads: each is one's at a time. What they
// guard is plain, so the thread sanitizer is the judge.

#include "core/channel/send_right.hpp"

#include "base/handler_memory.hpp"
#include "support/scale.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

TEST(SendRightRaces, IsOnesAtATime) {
    core::SendRight right;
    std::uint64_t written = 0;  // the right's
    std::uint64_t writtenByReactor = 0;
    std::atomic<std::uint64_t> borrowed{0};
    std::atomic<bool> over{false};
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 3; ++i)
        threads.emplace_back([&, i] {
            for (unsigned turn = i; !over.load(std::memory_order_relaxed); ++turn) {
                if (!right.borrow()) {
                    std::this_thread::yield();
                    continue;
                }
                ++written;
                borrowed.fetch_add(1, std::memory_order_relaxed);
                if (turn % 3 == 0 || !right.tryGiveBack()) right.returnToReactor();
            }
        });
    // The reactor: offers, sometimes revokes before it claims, writes.
    const std::uint64_t rounds = scaled(50'000);
    for (std::uint64_t round = 0; round < rounds || borrowed.load() < rounds / 100; ++round) {
        right.offer();
        if (round % 4 != 0) std::this_thread::yield();
        if (round % 3 == 0) right.revoke();
        while (!right.tryClaim())
            std::this_thread::yield();
        ++written;
        ++writtenByReactor;
        ASSERT_FALSE(right.borrow());
    }
    over = true;
    threads.clear();
    EXPECT_EQ(written, writtenByReactor + borrowed.load());
}

TEST(HandlerMemoryRaces, NoBlockIsGivenTwice) {
    base::HandlerMemory memory;
    std::vector<std::jthread> threads;
    for (int i = 1; i <= 3; ++i)
        threads.emplace_back([&memory, i] {
            for (std::uint64_t round = 0; round < scaled(50'000); ++round) {
                auto* const block = static_cast<unsigned char*>(memory.take(64));
                std::memset(block, i, 64);
                if (round % 8 == 0) std::this_thread::yield();
                ASSERT_EQ(block[0], i);
                ASSERT_EQ(block[63], i);
                memory.give(block);
            }
        });
}

}  // namespace
}  // namespace tempeh::test
