#include "core/submit/channel_numbers.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <unordered_set>
#include <vector>

namespace tempeh::core {
namespace {

constexpr std::size_t count = ChannelNumbers::count;

std::vector<ChannelNumber> allocateMany(ChannelNumbers& numbers, std::size_t howMany) {
    std::vector<ChannelNumber> result;
    for (std::size_t i = 0; i < howMany; ++i) {
        const auto number = numbers.allocate();
        if (!number) break;
        result.push_back(*number);
    }
    return result;
}

TEST(ChannelNumbers, EveryNumberComesOnceThenNothing) {
    ChannelNumbers numbers(1);
    const auto all = allocateMany(numbers, count + 10);
    ASSERT_EQ(all.size(), count);
    EXPECT_EQ(numbers.inUse(), count);
    const std::set<ChannelNumber> unique(all.begin(), all.end());
    EXPECT_EQ(unique.size(), count);
    EXPECT_EQ(*unique.begin(), 1);
    EXPECT_EQ(*unique.rbegin(), 65534);
    EXPECT_FALSE(numbers.allocate());
}

TEST(ChannelNumbers, FullEngineGetsTheOldestOnlyAfterItRested) {
    ChannelNumbers numbers(2);
    const auto all = allocateMany(numbers, count);
    for (std::size_t i = 0; i < ChannelNumbers::restingCount; ++i) {
        ASSERT_TRUE(numbers.release(all[i]));
        ASSERT_FALSE(numbers.allocate()) << "reused among the last " << i + 1;
    }
    ASSERT_TRUE(numbers.release(all[ChannelNumbers::restingCount]));
    EXPECT_EQ(numbers.allocate(), all[0]);
    EXPECT_FALSE(numbers.allocate());
}

/// The only free number is found wherever the search starts, also just above it.
TEST(ChannelNumbers, OnlyFreeNumberIsAlwaysFound) {
    ChannelNumbers numbers(12);
    std::deque<ChannelNumber> oldestFirst;
    for (const ChannelNumber number : allocateMany(numbers, count))
        oldestFirst.push_back(number);
    std::deque<ChannelNumber> resting;
    for (int step = 0; step < 60'000; ++step) {
        resting.push_back(oldestFirst.front());
        oldestFirst.pop_front();
        ASSERT_TRUE(numbers.release(resting.back()));
        if (resting.size() <= ChannelNumbers::restingCount) continue;
        ASSERT_EQ(numbers.allocate(), resting.front());
        oldestFirst.push_back(resting.front());
        resting.pop_front();
    }
}

TEST(ChannelNumbers, LimitCountsWhatIsInUseNotWhatRests) {
    ChannelNumbers numbers(3, 10);
    EXPECT_EQ(numbers.maxChannels(), 10U);
    const auto ten = allocateMany(numbers, 11);
    ASSERT_EQ(ten.size(), 10U);
    ASSERT_TRUE(numbers.release(ten[0]));
    EXPECT_EQ(numbers.inUse(), 9U);
    const auto next = numbers.allocate();
    ASSERT_TRUE(next);
    EXPECT_NE(*next, ten[0]);
    EXPECT_FALSE(numbers.allocate());
}

TEST(ChannelNumbers, LimitsAtTheEnds) {
    ChannelNumbers none(4, 0);
    EXPECT_FALSE(none.allocate());
    ChannelNumbers tooMany(4, 1'000'000);
    EXPECT_EQ(tooMany.maxChannels(), count);
}

TEST(ChannelNumbers, ReleasingWhatIsNotInUseChangesNothing) {
    ChannelNumbers numbers(5);
    EXPECT_FALSE(numbers.release(0));
    EXPECT_FALSE(numbers.release(65535));
    EXPECT_FALSE(numbers.release(77));
    const auto number = numbers.allocate();
    ASSERT_TRUE(number);
    EXPECT_TRUE(numbers.isInUse(*number));
    EXPECT_TRUE(numbers.release(*number));
    EXPECT_FALSE(numbers.release(*number)) << "a second time";
    EXPECT_EQ(numbers.inUse(), 0U);
    EXPECT_FALSE(numbers.isInUse(*number));
}

TEST(ChannelNumbers, SeedDecidesTheOrder) {
    ChannelNumbers one(6), same(6), other(7);
    const auto first = allocateMany(one, 100);
    EXPECT_EQ(first, allocateMany(same, 100));
    EXPECT_NE(first, allocateMany(other, 100));
}

TEST(ChannelNumbers, SpreadOverTheWholeRange) {
    ChannelNumbers numbers(8);
    std::vector<int> perBucket(16);
    for (const ChannelNumber number : allocateMany(numbers, 1600))
        ++perBucket[number / 4096U];
    for (const int found : perBucket) {
        EXPECT_GT(found, 50);
        EXPECT_LT(found, 150);
    }
}

/// Compares with a model that keeps sets, through fills and drains of every size.
TEST(ChannelNumbers, RandomUseAgreesWithAModel) {
    ChannelNumbers numbers(9);
    base::Random random(10);
    std::vector<ChannelNumber> used;
    std::unordered_set<ChannelNumber> unavailable;
    std::deque<ChannelNumber> resting;
    bool filling = true;
    for (int step = 0; step < 400'000; ++step) {
        if (random.below(5'000) == 0) filling = !filling;
        if (random.below(10) < (filling ? 9U : 1U)) {
            const auto number = numbers.allocate();
            ASSERT_EQ(number.has_value(), unavailable.size() < count);
            if (!number) continue;
            ASSERT_GE(*number, 1);
            ASSERT_LE(*number, 65534);
            ASSERT_TRUE(unavailable.insert(*number).second) << *number << " was used or resting";
            used.push_back(*number);
        } else if (!used.empty()) {
            std::swap(used[random.below(static_cast<std::uint32_t>(used.size()))], used.back());
            ASSERT_TRUE(numbers.release(used.back()));
            resting.push_back(used.back());
            used.pop_back();
            if (resting.size() > ChannelNumbers::restingCount) {
                unavailable.erase(resting.front());
                resting.pop_front();
            }
        }
        ASSERT_EQ(numbers.inUse(), used.size());
    }
}

}  // namespace
}  // namespace tempeh::core
