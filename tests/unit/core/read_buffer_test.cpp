#include "core/channel/read_buffer.hpp"

#include "support/allocation_counter.hpp"
#include "support/scale.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace tempeh::core {
namespace {

constexpr std::size_t tiny = ReadBuffer::tinySize;
constexpr std::size_t small = ReadBuffer::smallSize;
constexpr std::size_t medium = ReadBuffer::mediumSize;
constexpr int patience = 4096;  // smaller reads before memory is given up
constexpr int use = 3;          // reads that did not fit before there is more memory

/// What the count of allocations tells of one.
const std::uint64_t made = test::hasOperatorNew() ? 1 : 0;

/// Whether the memory lies in the buffer itself.
bool isInside(const ReadBuffer& buffer, std::span<const std::byte> room) {
    const auto* const start = reinterpret_cast<const std::byte*>(&buffer);
    return room.data() >= start && room.data() + room.size() <= start + sizeof buffer;
}

void note(ReadBuffer& buffer, std::size_t bytes, int times) {
    for (int i = 0; i < times; ++i)
        buffer.note(bytes);
}

/// A buffer that has been used for reads of this size.
ReadBuffer used(std::size_t bytes) {
    ReadBuffer buffer;
    note(buffer, bytes, use);
    return buffer;
}

TEST(ReadBuffer, BeginsWithNextToNoMemory) {
    ReadBuffer buffer;
    const std::uint64_t before = test::allocationCount();
    EXPECT_TRUE(buffer.expectsLittle());
    EXPECT_TRUE(buffer.isTiny());
    EXPECT_EQ(buffer.room().size(), tiny);
    EXPECT_TRUE(isInside(buffer, buffer.room()));
    buffer.note(0);
    buffer.note(1);
    buffer.note(tiny);
    EXPECT_EQ(buffer.room().size(), tiny);
    EXPECT_EQ(test::allocationCount(), before);
    EXPECT_LE(sizeof buffer, tiny + 2 * sizeof(void*)) << "of every idle connection";
}

TEST(ReadBuffer, AHelloAndARequestAreNotEnoughForMore) {
    for (const std::size_t bytes : {tiny + 1, small + 1, medium + 1}) {
        ReadBuffer buffer;
        note(buffer, bytes, use - 1);
        note(buffer, tiny, 10);
        EXPECT_TRUE(buffer.isTiny());
        EXPECT_EQ(buffer.room().size(), tiny);
        buffer.note(bytes);
        EXPECT_FALSE(buffer.isTiny());
    }
}

TEST(ReadBuffer, AChannelInUseGetsMemoryForItsReads) {
    if (test::isSanitized) GTEST_SKIP() << "operator new is the sanitizer's";
    for (const auto& [bytes, expected] : {std::pair(small, small), std::pair(small + 1, medium)}) {
        ReadBuffer buffer = used(bytes);
        EXPECT_TRUE(buffer.expectsLittle());
        const std::uint64_t before = test::allocationCount();
        const std::span<std::byte> room = buffer.room();
        EXPECT_EQ(test::allocationCount(), before + made);
        EXPECT_EQ(room.size(), expected);
        EXPECT_FALSE(isInside(buffer, room));
        room.front() = room.back() = std::byte{1};
        EXPECT_EQ(buffer.room().data(), room.data()) << "the same until the next note";
        buffer.note(expected);
        EXPECT_EQ(buffer.room().data(), room.data()) << "and kept as long as it is needed";
        EXPECT_EQ(test::allocationCount(), before + made);
    }
}

TEST(ReadBuffer, ItGrowsAtOnceWhenItHasGrownBefore) {
    ReadBuffer buffer = used(small);
    EXPECT_EQ(buffer.room().size(), small);
    buffer.note(small + 1);
    EXPECT_EQ(buffer.room().size(), medium);
}

TEST(ReadBuffer, MuchIsLeftToTheLargeBuffer) {
    ReadBuffer buffer = used(medium + 1);
    EXPECT_FALSE(buffer.expectsLittle());
    buffer.note(1'000'000);
    EXPECT_FALSE(buffer.expectsLittle());
    buffer.note(medium);
    EXPECT_TRUE(buffer.expectsLittle());
    EXPECT_EQ(buffer.room().size(), medium);
}

TEST(ReadBuffer, AfterMuchLittleIsExpectedAsSoonAsLittleComes) {
    ReadBuffer buffer = used(medium + 1);
    buffer.note(small);
    EXPECT_TRUE(buffer.expectsLittle());
    EXPECT_EQ(buffer.room().size(), small);
    // Nothing was read at all, as when the stream ends.
    buffer.note(medium + 1);
    buffer.note(0);
    EXPECT_TRUE(buffer.expectsLittle());
}

TEST(ReadBuffer, LargeAndMediumReadsInTurnShareOnePieceOfMemory) {
    ReadBuffer buffer = used(medium);
    buffer.room();
    const std::uint64_t before = test::allocationCount();
    for (int i = 0; i < 10; ++i) {
        buffer.note(medium + 1);
        buffer.note(medium);
        EXPECT_EQ(buffer.room().size(), medium);
    }
    EXPECT_EQ(test::allocationCount(), before);
}

TEST(ReadBuffer, AFewSmallReadsDoNotGiveTheMemoryUp) {
    ReadBuffer buffer = used(medium);
    const std::byte* const room = buffer.room().data();
    note(buffer, small, patience - 1);
    EXPECT_EQ(buffer.room().data(), room);
    buffer.note(small + 1);  // begins to count anew
    note(buffer, 1, patience - 1);
    EXPECT_EQ(buffer.room().data(), room);
    buffer.note(1);
    EXPECT_EQ(buffer.room().size(), small);
}

TEST(ReadBuffer, TheMemoryIsGivenUpWhileOnlyLittleComes) {
    ReadBuffer buffer = used(medium);
    buffer.room();
    note(buffer, 1, patience);
    EXPECT_EQ(buffer.room().size(), small);
    note(buffer, 1, patience);
    EXPECT_TRUE(buffer.isTiny());
    EXPECT_TRUE(isInside(buffer, buffer.room()));
}

TEST(ReadBuffer, WithoutMemoryTheTinyOneMustDo) {
    if (test::isSanitized || !test::hasOperatorNew()) GTEST_SKIP() << "operator new is the sanitizer's";
    ReadBuffer buffer = used(medium);
    std::size_t size = 0;
    {
        const test::NoMemory nothing;
        size = buffer.room().size();
    }
    EXPECT_EQ(size, tiny);
    EXPECT_EQ(buffer.room().size(), tiny) << "the same until the next note";
    EXPECT_TRUE(isInside(buffer, buffer.room()));
    EXPECT_TRUE(buffer.expectsLittle());
    note(buffer, medium, use);
    EXPECT_EQ(buffer.room().size(), medium) << "when it is needed, memory is asked for again";
}

}  // namespace
}  // namespace tempeh::core
