#include "flows/link/endpoint_rotation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace tempeh::flows::detail {
namespace {

TEST(EndpointRotation, ARoundTriesEachOnceInTheGivenOrder) {
    EndpointRotation rotation(3, EndpointOrder::InOrder, 1);
    for (int round = 0; round != 2; ++round)
        for (const std::size_t expected : {0U, 1U, 2U}) {
            EXPECT_EQ(rotation.current(), expected);
            EXPECT_EQ(rotation.left(), 3 - expected);
            EXPECT_EQ(rotation.onFailed(), expected == 2);
        }
}

TEST(EndpointRotation, AStickyOneComesBackToWhereItWas) {
    EndpointRotation rotation(3, EndpointOrder::InOrder, 1);
    rotation.onFailed();
    rotation.onLost(Failover::Sticky);
    EXPECT_EQ(rotation.current(), 1U);
    EXPECT_EQ(rotation.left(), 3U) << "a new round";
    EXPECT_FALSE(rotation.onFailed());
    EXPECT_FALSE(rotation.onFailed());
    EXPECT_EQ(rotation.current(), 0U);
    EXPECT_TRUE(rotation.onFailed());
}

TEST(EndpointRotation, TheOtherKindBeginsWithTheFirstAfterALoss) {
    EndpointRotation rotation(3, EndpointOrder::InOrder, 1);
    rotation.onFailed();
    rotation.onFailed();
    rotation.onLost(Failover::BackToFirst);
    EXPECT_EQ(rotation.current(), 0U);
}

TEST(EndpointRotation, ShufflingSpreadsClientsAndKeepsEveryAddress) {
    std::set<std::vector<std::size_t>> orders;
    for (std::uint64_t seed = 1; seed != 20; ++seed) {
        EndpointRotation rotation(4, EndpointOrder::Shuffled, seed);
        std::vector<std::size_t> order;
        for (int i = 0; i != 4; ++i) {
            order.push_back(rotation.current());
            rotation.onFailed();
        }
        EXPECT_THAT(order, testing::UnorderedElementsAre(0, 1, 2, 3));
        orders.insert(order);
    }
    EXPECT_GT(orders.size(), 5U);
}

TEST(EndpointRotation, OneAddressIsARoundOfItsOwn) {
    EndpointRotation rotation(1, EndpointOrder::Shuffled, 7);
    EXPECT_EQ(rotation.left(), 1U);
    EXPECT_TRUE(rotation.onFailed());
    EXPECT_EQ(rotation.current(), 0U);
}

}  // namespace
}  // namespace tempeh::flows::detail
