#include "transport/mem/mem_ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <thread>
#include <vector>

namespace tempeh::transport {
namespace {

std::size_t write(MemRing& ring, std::span<const std::byte> bytes) {
    return ring.write({&bytes, 1});
}
std::size_t read(MemRing& ring, std::span<std::byte> bytes) {
    return ring.read({&bytes, 1});
}

TEST(MemRing, TakesWhatThereIsRoomForAndGivesItBackInOrder) {
    MemRing ring;
    const std::vector<std::byte> much(MemRing::capacity + 10, std::byte{7});
    EXPECT_EQ(ring.room(), MemRing::capacity);
    EXPECT_EQ(write(ring, much), MemRing::capacity);
    EXPECT_EQ(write(ring, much), 0U);
    EXPECT_EQ(ring.unread(), MemRing::capacity);
    std::vector<std::byte> room(100);
    EXPECT_EQ(read(ring, room), 100U);
    EXPECT_EQ(ring.room(), 100U);
}

TEST(MemRing, WrapsAroundInsideASpan) {
    MemRing ring;
    std::vector<std::byte> most(MemRing::capacity - 3);
    write(ring, most);
    read(ring, most);
    const std::array<std::byte, 8> bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4},
                                         std::byte{5}, std::byte{6}, std::byte{7}, std::byte{8}};
    EXPECT_EQ(write(ring, bytes), 8U);
    std::array<std::byte, 3> first{};
    std::array<std::byte, 9> second{};
    const std::array<std::span<std::byte>, 2> into{first, second};
    EXPECT_EQ(ring.read(into), 8U);
    EXPECT_TRUE(std::equal(first.begin(), first.end(), bytes.begin()));
    EXPECT_TRUE(std::equal(bytes.begin() + 3, bytes.end(), second.begin()));
    EXPECT_EQ(ring.read(into), 0U);
}

TEST(MemRing, OneThreadWritesWhileAnotherReads) {
    MemRing ring;
    constexpr std::uint32_t count = 100'000;
    std::jthread writer([&ring] {
        for (std::uint32_t next = 0; next != count;) {
            if (ring.room() < sizeof next) {
                std::this_thread::yield();
                continue;
            }
            write(ring, std::as_bytes(std::span(&next, 1)));
            ++next;
        }
    });
    for (std::uint32_t expected = 0; expected != count;) {
        if (ring.unread() < sizeof expected) {
            std::this_thread::yield();
            continue;
        }
        std::uint32_t got = 0;
        read(ring, std::as_writable_bytes(std::span(&got, 1)));
        ASSERT_EQ(got, expected);
        ++expected;
    }
}

}  // namespace
}  // namespace tempeh::transport
