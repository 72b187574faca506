#include "machines/accept_backoff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tempeh::machines {
namespace {

std::vector<long long> delays(AcceptBackoff& backoff, int failures) {
    std::vector<long long> result;
    for (int i = 0; i < failures; ++i)
        result.push_back(backoff.onFailure().delay.count());
    return result;
}

TEST(AcceptBackoff, DoublesUpToTheLongest) {
    AcceptBackoff backoff;
    EXPECT_THAT(delays(backoff, 10), testing::ElementsAre(5, 10, 20, 40, 80, 160, 320, 500, 500, 500));
}

TEST(AcceptBackoff, StaysBoundedForEver) {
    AcceptBackoff backoff;
    for (int i = 0; i < 100'000; ++i) {
        const auto delay = backoff.onFailure().delay;
        ASSERT_GE(delay, AcceptBackoff::shortest);
        ASSERT_LE(delay, AcceptBackoff::longest);
    }
}

TEST(AcceptBackoff, OneNoticePerEpisode) {
    AcceptBackoff backoff;
    for (int episode = 0; episode < 3; ++episode) {
        EXPECT_TRUE(backoff.onFailure().startsEpisode);
        for (int i = 0; i < 20; ++i)
            EXPECT_FALSE(backoff.onFailure().startsEpisode);
        EXPECT_TRUE(backoff.onSuccess());
    }
}

TEST(AcceptBackoff, SuccessStartsOver) {
    AcceptBackoff backoff;
    EXPECT_FALSE(backoff.onSuccess()) << "nothing failed before";
    delays(backoff, 5);
    EXPECT_TRUE(backoff.onSuccess());
    EXPECT_FALSE(backoff.onSuccess());
    EXPECT_THAT(delays(backoff, 2), testing::ElementsAre(5, 10));
}

}  // namespace
}  // namespace tempeh::machines
