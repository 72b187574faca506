#include "base/handler_memory.hpp"

#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace tempeh::base {
namespace {

constexpr std::size_t largest = 192;

bool isInside(const HandlerMemory& memory, const void* block) {
    const auto* const start = reinterpret_cast<const std::byte*>(&memory);
    const auto* const at = static_cast<const std::byte*>(block);
    return at >= start && at < start + sizeof memory;
}

TEST(HandlerMemory, GivesOneSmallBlockWithoutAnAllocation) {
    HandlerMemory memory;
    const std::uint64_t before = test::allocationCount();
    for (const std::size_t size : {std::size_t{1}, std::size_t{64}, largest}) {
        void* const block = memory.take(size);
        EXPECT_TRUE(isInside(memory, block));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0U);
        memory.give(block);
    }
    EXPECT_EQ(test::allocationCount(), before);
}

TEST(HandlerMemory, ASecondBlockComesFromTheHeap) {
    HandlerMemory memory;
    void* const first = memory.take(8);
    const std::uint64_t before = test::allocationCount();
    void* second = memory.take(8);
    EXPECT_FALSE(isInside(memory, second));
    EXPECT_EQ(test::allocationCount(), before + (test::hasOperatorNew() ? 1 : 0));
    memory.give(second);
    second = memory.take(8);
    EXPECT_FALSE(isInside(memory, second)) << "the first is still out";
    memory.give(first);
    EXPECT_EQ(memory.take(8), first) << "and is given again when it is back";
    memory.give(second);
    memory.give(first);
}

TEST(HandlerMemory, ALargeBlockComesFromTheHeapAndLeavesTheSmallOneFree) {
    HandlerMemory memory;
    void* const large = memory.take(largest + 1);
    EXPECT_FALSE(isInside(memory, large));
    void* const little = memory.take(largest);
    EXPECT_TRUE(isInside(memory, little));
    memory.give(large);
    memory.give(little);
}

template <typename Pointer>
using Allocator = HandlerAllocator<int, Pointer>;

TEST(HandlerAllocator, AllocatesFromItsMemoryForAnyType) {
    HandlerMemory memory;
    Allocator<HandlerMemory*> ints(&memory);
    using Rebound = std::allocator_traits<Allocator<HandlerMemory*>>::rebind_alloc<std::array<char, 100>>;
    Rebound arrays(ints);
    std::array<char, 100>* const block = arrays.allocate(1);
    EXPECT_TRUE(isInside(memory, block));
    int* const more = ints.allocate(4);
    EXPECT_FALSE(isInside(memory, more));
    ints.deallocate(more, 4);
    arrays.deallocate(block, 1);
    int* const many = ints.allocate(largest / sizeof(int) + 1);
    EXPECT_FALSE(isInside(memory, many)) << "the size is that of all of them";
    ints.deallocate(many, largest / sizeof(int) + 1);
}

TEST(HandlerAllocator, IsEqualToThoseOfTheSameMemory) {
    HandlerMemory memory;
    HandlerMemory other;
    const Allocator<HandlerMemory*> first(&memory);
    EXPECT_TRUE(first == (HandlerAllocator<char, HandlerMemory*>(&memory)));
    EXPECT_FALSE(first == Allocator<HandlerMemory*>(&other));
}

TEST(HandlerAllocator, ASharedPointerKeepsTheMemoryAsLongAsTheHandler) {
    auto memory = std::make_shared<HandlerMemory>();
    const std::weak_ptr<HandlerMemory> watch = memory;
    {
        Allocator<std::shared_ptr<HandlerMemory>> allocator(std::move(memory));
        int* const block = allocator.allocate(1);
        const auto copy = allocator;
        allocator.deallocate(block, 1);
        EXPECT_EQ(watch.use_count(), 2);
    }
    EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace tempeh::base
