#include "core/channel/read_buffer.hpp"

#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

namespace tempeh::core {
namespace {

constexpr std::size_t small = ReadBuffer::smallSize;
constexpr std::size_t medium = ReadBuffer::mediumSize;
constexpr int patience = 4096;  // small reads before the medium memory is given up

/// What the count of allocations tells of one.
const std::uint64_t made = test::hasOperatorNew() ? 1 : 0;

/// Whether the memory lies in the buffer itself.
bool isInside(const ReadBuffer& buffer, std::span<const std::byte> room) {
    const auto* const start = reinterpret_cast<const std::byte*>(&buffer);
    return room.data() >= start && room.data() + room.size() <= start + sizeof buffer;
}

TEST(ReadBuffer, BeginsWithLittleMemoryOfItsOwn) {
    ReadBuffer buffer;
    const std::uint64_t before = test::allocationCount();
    EXPECT_TRUE(buffer.expectsLittle());
    EXPECT_EQ(buffer.room().size(), small);
    EXPECT_TRUE(isInside(buffer, buffer.room()));
    buffer.note(0);
    buffer.note(1);
    buffer.note(small);
    EXPECT_EQ(buffer.room().size(), small);
    EXPECT_EQ(test::allocationCount(), before);
}

TEST(ReadBuffer, AFewKilobytesGoIntoMemoryThatIsMadeThen) {
    ReadBuffer buffer;
    buffer.note(small + 1);
    EXPECT_TRUE(buffer.expectsLittle());
    const std::uint64_t before = test::allocationCount();
    const std::span<std::byte> room = buffer.room();
    EXPECT_EQ(test::allocationCount(), before + made);
    EXPECT_EQ(room.size(), medium);
    EXPECT_FALSE(isInside(buffer, room));
    room.front() = room.back() = std::byte{1};
    EXPECT_EQ(buffer.room().data(), room.data()) << "the same until the next note";
    buffer.note(medium);
    EXPECT_EQ(buffer.room().data(), room.data()) << "and kept as long as it is needed";
    EXPECT_EQ(test::allocationCount(), before + made);
}

TEST(ReadBuffer, MuchIsLeftToTheLargeBuffer) {
    ReadBuffer buffer;
    buffer.note(medium + 1);
    EXPECT_FALSE(buffer.expectsLittle());
    buffer.note(1'000'000);
    EXPECT_FALSE(buffer.expectsLittle());
    buffer.note(medium);
    EXPECT_TRUE(buffer.expectsLittle());
    EXPECT_EQ(buffer.room().size(), medium);
}

TEST(ReadBuffer, AfterMuchLittleIsExpectedAsSoonAsLittleComes) {
    ReadBuffer buffer;
    buffer.note(medium + 1);
    buffer.note(small);
    EXPECT_TRUE(buffer.expectsLittle());
    EXPECT_EQ(buffer.room().size(), small);
    // Nothing was read at all, as when the stream ends.
    buffer.note(medium + 1);
    buffer.note(0);
    EXPECT_TRUE(buffer.expectsLittle());
}

TEST(ReadBuffer, AFewSmallReadsDoNotGiveTheMediumMemoryUp) {
    ReadBuffer buffer;
    buffer.note(medium);
    const std::byte* const room = buffer.room().data();
    for (int i = 1; i < patience; ++i)
        buffer.note(small);
    EXPECT_EQ(buffer.room().data(), room);
    buffer.note(small + 1);  // begins to count anew
    for (int i = 1; i < patience; ++i)
        buffer.note(1);
    EXPECT_EQ(buffer.room().data(), room);
    buffer.note(1);
    EXPECT_EQ(buffer.room().size(), small);
    EXPECT_TRUE(isInside(buffer, buffer.room()));
}

TEST(ReadBuffer, TheMediumMemoryIsGivenUpWhileOnlyLittleComes) {
    ReadBuffer buffer;
    buffer.note(medium);
    buffer.room();
    for (int i = 0; i < patience; ++i)
        buffer.note(1);
    buffer.room();
    const std::uint64_t before = test::allocationCount();
    buffer.note(medium);
    EXPECT_EQ(buffer.room().size(), medium);
    EXPECT_EQ(test::allocationCount(), before + made) << "so it is made again";
}

TEST(ReadBuffer, WithoutMemoryTheSmallOneMustDo) {
    if (!test::hasOperatorNew()) GTEST_SKIP() << "operator new is the sanitizer's";
    ReadBuffer buffer;
    buffer.note(medium);
    std::size_t size = 0;
    {
        const test::NoMemory nothing;
        size = buffer.room().size();
    }
    EXPECT_EQ(size, small);
    EXPECT_EQ(buffer.room().size(), small) << "the same until the next note";
    EXPECT_TRUE(isInside(buffer, buffer.room()));
    EXPECT_TRUE(buffer.expectsLittle());
    buffer.note(small);
    EXPECT_EQ(buffer.room().size(), small);
    buffer.note(medium);
    EXPECT_EQ(buffer.room().size(), medium) << "when it is needed, memory is asked for again";
}

}  // namespace
}  // namespace tempeh::core
