#include "core/channel/send_right.hpp"

#include <gtest/gtest.h>

namespace tempeh::core {
namespace {

TEST(SendRight, IsTheReactorsUntilItIsOffered) {
    SendRight right;
    EXPECT_FALSE(right.borrow());
    EXPECT_TRUE(right.tryClaim());
    EXPECT_FALSE(right.borrow());
    right.offer();
    EXPECT_TRUE(right.borrow());
}

TEST(SendRight, IsBorrowedByOneAtATimeAndAgainWhenItIsBack) {
    SendRight right;
    right.offer();
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(right.borrow());
        EXPECT_FALSE(right.borrow());
        EXPECT_TRUE(right.tryGiveBack());
    }
    EXPECT_TRUE(right.tryClaim());
    EXPECT_FALSE(right.borrow());
}

TEST(SendRight, OnceRevokedNobodyBorrowsIt) {
    SendRight right;
    right.offer();
    right.revoke();
    EXPECT_FALSE(right.borrow());
    right.revoke();
    EXPECT_TRUE(right.tryClaim());
    EXPECT_FALSE(right.borrow());
    right.offer();
    EXPECT_TRUE(right.borrow()) << "until it is offered again";
}

TEST(SendRight, WhoHasBorrowedItGoesOnAndTellsWhenItIsRevokedMeanwhile) {
    SendRight right;
    right.offer();
    ASSERT_TRUE(right.borrow());
    right.revoke();
    EXPECT_FALSE(right.borrow());
    EXPECT_FALSE(right.tryClaim()) << "nobody waits for it";
    EXPECT_FALSE(right.tryGiveBack()) << "the reactor is to be told";
    EXPECT_FALSE(right.tryClaim());
    right.returnToReactor();
    EXPECT_FALSE(right.borrow());
    EXPECT_TRUE(right.tryClaim());
}

TEST(SendRight, WhoLeavesSomethingToDoReturnsItToTheReactor) {
    SendRight right;
    right.offer();
    ASSERT_TRUE(right.borrow());
    right.returnToReactor();
    EXPECT_FALSE(right.borrow());
    EXPECT_TRUE(right.tryClaim());
}

}  // namespace
}  // namespace tempeh::core
