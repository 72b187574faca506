#include "support/allocation_counter.hpp"

#include <tempeh/message/body.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <new>
#include <random>
#include <stdexcept>
#include <string>

namespace tempeh {
namespace {

using test::allocationCount;

TEST(Body, StartsEmptyInline) {
    const Body body;
    EXPECT_TRUE(body.empty());
    EXPECT_EQ(body.size(), 0U);
    EXPECT_EQ(body.capacity(), 96U);
    EXPECT_EQ(body.heapBytes(), 0U);
    EXPECT_EQ(body.view(), "");
}

TEST(Body, TheFirst96BytesNeedNoAllocation) {
    Body body;
    const std::uint64_t before = allocationCount();
    for (int i = 0; i != 96; ++i)
        body.append("x");
    EXPECT_EQ(allocationCount(), before);
    EXPECT_EQ(body.view(), std::string(96, 'x'));
    EXPECT_EQ(body.heapBytes(), 0U);
    body.append("y");
    EXPECT_EQ(body.view(), std::string(96, 'x') + "y");
    EXPECT_EQ(body.heapBytes(), body.capacity());
}

TEST(Body, GrowsInFewSteps) {
    Body body;
    const std::uint64_t before = allocationCount();
    std::string expected;
    for (int i = 0; i != 65535; ++i) {
        const char c = static_cast<char>('a' + i % 26);
        body.append(std::string_view(&c, 1));
        expected += c;
    }
    EXPECT_EQ(body.view(), expected);
    EXPECT_LE(allocationCount() - before, 10U + 20U);  // body and the expected string
}

TEST(Body, ReuseAllocatesNothing) {
    Body body;
    const std::string large(65535, 'L');
    body.append(large);
    const std::size_t capacity = body.capacity();
    const std::uint64_t before = allocationCount();
    for (int round = 0; round != 100; ++round) {
        body.clear();
        EXPECT_TRUE(body.empty());
        body.append(large);
        body.assign(std::string_view(large).substr(0, 1000));
        body.prepare(large.size() - 1000);
        body.commit(large.size() - 1000);
    }
    EXPECT_EQ(allocationCount(), before);
    EXPECT_EQ(body.capacity(), capacity);
    EXPECT_EQ(body.size(), large.size());
}

TEST(Body, ReleaseHeapGoesBackInline) {
    Body body;
    body.append(std::string(1000, 'a'));
    EXPECT_GE(body.heapBytes(), 1000U);
    body.releaseHeap();
    EXPECT_EQ(body.heapBytes(), 0U);
    EXPECT_EQ(body.capacity(), 96U);
    EXPECT_TRUE(body.empty());
    body.append("again");
    EXPECT_EQ(body.view(), "again");
    body.releaseHeap();
    EXPECT_TRUE(body.empty());
}

TEST(Body, PrepareAndCommit) {
    Body body;
    body.append("head");
    const std::span<std::byte> room = body.prepare(200);
    ASSERT_EQ(room.size(), 200U);
    EXPECT_EQ(body.size(), 4U) << "prepared is not content";
    std::memcpy(room.data(), "tail", 4);
    body.commit(4);
    EXPECT_EQ(body.view(), "headtail");
    body.commit(0);
    EXPECT_EQ(body.size(), 8U);
    EXPECT_EQ(body.prepare(0).size(), 0U);
}

TEST(Body, CommitNeverPassesTheCapacity) {
    Body body;
    body.assign(std::string(96, ' '));
    body.clear();
    body.commit(1000000);
    EXPECT_EQ(body.size(), body.capacity());
}

TEST(Body, AssignReplaces) {
    Body body;
    body.assign("first");
    body.assign("2nd");
    EXPECT_EQ(body.view(), "2nd");
    body.assign(std::string(500, 'b'));
    EXPECT_EQ(body.view(), std::string(500, 'b'));
    body.assign("");
    EXPECT_TRUE(body.empty());
    const std::byte raw[] = {std::byte{1}, std::byte{0}, std::byte{0xff}};
    body.assign(raw);
    body.append(raw);
    EXPECT_EQ(body.view(), std::string_view("\x01\x00\xff\x01\x00\xff", 6));
}

TEST(Body, OwnContentMayBeAppendedAndAssigned) {
    Body body;
    body.append("0123456789");
    body.append(body.view());
    EXPECT_EQ(body.view(), "01234567890123456789");
    while (body.size() < 5000)
        body.append(body.view());  // grows on the way
    EXPECT_EQ(body.view().substr(4990, 10), "0123456789");
    body.assign(body.view().substr(3, 5));
    EXPECT_EQ(body.view(), "34567");
}

TEST(Body, BytesAreWritable) {
    Body body;
    body.append("abc");
    body.bytes()[1] = std::byte{'X'};
    EXPECT_EQ(body.view(), "aXc");
}

TEST(Body, TruncateKeepsTheFront) {
    Body body;
    body.append("abcdef");
    body.truncate(2);
    EXPECT_EQ(body.view(), "ab");
    body.truncate(5);
    EXPECT_EQ(body.view(), "ab");
}

TEST(Body, RefusesMoreThanFourGiBAndKeepsItsContent) {
    Body body;
    body.append("kept");
    EXPECT_THROW(body.prepare(std::numeric_limits<std::size_t>::max()), std::length_error);
    EXPECT_THROW(body.prepare(std::numeric_limits<std::uint32_t>::max()), std::length_error);
    EXPECT_EQ(body.view(), "kept");
    EXPECT_EQ(body.heapBytes(), 0U);
}

TEST(Body, RandomOperationsMatchAString) {
    std::mt19937 random(7);
    Body body;
    std::string model;
    for (int round = 0; round != 20000; ++round) {
        const std::string piece(random() % 40, static_cast<char>('a' + random() % 26));
        switch (random() % 16) {
            case 0:
                body.clear();
                model.clear();
                break;
            case 1:
                body.assign(piece);
                model = piece;
                break;
            case 2:
                body.releaseHeap();
                model.clear();
                break;
            default:
                body.append(piece);
                model += piece;
                break;
        }
        ASSERT_EQ(body.view(), model);
    }
}

TEST(ByteBuffer, WithoutInlinePartHoldsNothingUntilUsed) {
    ByteBuffer<0> buffer;
    EXPECT_EQ(buffer.capacity(), 0U);
    EXPECT_EQ(buffer.prepare(0).size(), 0U);
    buffer.append("");
    EXPECT_EQ(buffer.heapBytes(), 0U);
    buffer.append("x");
    EXPECT_EQ(buffer.view(), "x");
    EXPECT_GT(buffer.heapBytes(), 0U);
    buffer.releaseHeap();
    EXPECT_EQ(buffer.capacity(), 0U);
}

}  // namespace
}  // namespace tempeh
