#include "machines/accept_rate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tempeh::machines {
namespace {

using namespace std::chrono_literals;
using Time = TokenBucket::Time;

int taken(TokenBucket& bucket, const TokenBucket::Rate& rate, Time now, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i)
        count += bucket.take(rate, now) ? 1 : 0;
    return count;
}

TEST(TokenBucket, GivesASecondsWorthAtOnceAndThenItsRate) {
    const TokenBucket::Rate ten(10);
    TokenBucket bucket;
    EXPECT_EQ(taken(bucket, ten, 100s, 50), 10);
    EXPECT_EQ(bucket.nextAt(ten, 100s), 100s + 100ms);
    EXPECT_EQ(taken(bucket, ten, 100s + 99ms, 50), 0);
    EXPECT_EQ(taken(bucket, ten, 100s + 100ms, 50), 1);
    EXPECT_EQ(taken(bucket, ten, 100s + 350ms, 50), 2);
    EXPECT_FALSE(bucket.isFull(101s));
    EXPECT_EQ(taken(bucket, ten, 200s, 50), 10) << "it does not save up for longer";
}

TEST(TokenBucket, OfOneASecondGivesOne) {
    const TokenBucket::Rate one(1);
    TokenBucket bucket;
    EXPECT_EQ(taken(bucket, one, 0s, 5), 1);
    EXPECT_EQ(bucket.nextAt(one, 0s), 1s);
    EXPECT_EQ(taken(bucket, one, 999ms, 5), 0);
    EXPECT_EQ(taken(bucket, one, 1s, 5), 1);
}

TEST(TokenBucket, WithoutALimitGivesAll) {
    TokenBucket bucket;
    EXPECT_EQ(taken(bucket, TokenBucket::Rate(0), 0s, 1000), 1000);
    EXPECT_FALSE(TokenBucket::Rate(0).isLimited());
}

TEST(PeerRates, TellPeersApart) {
    PeerRates rates(2);
    EXPECT_TRUE(rates.take("a", 1s));
    EXPECT_TRUE(rates.take("a", 1s));
    EXPECT_FALSE(rates.take("a", 1s));
    EXPECT_TRUE(rates.take("b", 1s));
    EXPECT_TRUE(rates.take("a", 1s + 500ms));
    EXPECT_FALSE(PeerRates(0).isLimited());
    EXPECT_TRUE(PeerRates(0).take("a", 1s));
}

TEST(PeerRates, RememberABoundedNumberOfPeers) {
    PeerRates rates(1);
    for (std::size_t i = 0; i < PeerRates::most; ++i)
        ASSERT_TRUE(rates.take(std::to_string(i), 1s));
    EXPECT_TRUE(rates.take("one more", 1s));
    EXPECT_FALSE(rates.take("and another", 1s)) << "they share a bucket";
    EXPECT_FALSE(rates.take("0", 1s));
    EXPECT_TRUE(rates.take("later", 3s)) << "the others are forgotten";
    EXPECT_TRUE(rates.take("and another", 3s));
}

}  // namespace
}  // namespace tempeh::machines
