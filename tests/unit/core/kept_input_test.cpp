#include "core/channel/kept_input.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace tempeh::core {
namespace {

std::vector<std::byte> bytesFrom(int first, int count) {
    std::vector<std::byte> bytes;
    for (int i = 0; i < count; ++i)
        bytes.push_back(static_cast<std::byte>(first + i));
    return bytes;
}

TEST(KeptInput, GivesWhatIsLeftInOrder) {
    KeptInput::Total total = 0;
    KeptInput input(total);
    EXPECT_TRUE(input.rest().empty());
    input.add(bytesFrom(0, 10));
    input.shrinkTo(4);
    input.add(bytesFrom(10, 2));
    const std::vector<std::byte> expected = bytesFrom(6, 6);
    EXPECT_TRUE(std::ranges::equal(input.rest(), expected));
    input.clear();
    EXPECT_TRUE(input.rest().empty());
}

TEST(KeptInput, CountsTheMemoryOfAllAsLongAsItIsHeld) {
    KeptInput::Total total = 0;
    {
        KeptInput one(total);
        KeptInput other(total);
        one.add(bytesFrom(0, 100));
        other.add(bytesFrom(0, 50));
        EXPECT_GE(total, 150U);
        one.shrinkTo(0);
        EXPECT_GE(total, 150U);
        one.clear();
        EXPECT_GE(total, 50U);
        EXPECT_LT(total, 150U);
    }
    EXPECT_EQ(total, 0U);
}

}  // namespace
}  // namespace tempeh::core
