#include "core/send_right.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace tempeh::core {
namespace {

TEST(SendRight, IsTheReactorsUntilItIsOffered) {
    SendRight right;
    EXPECT_FALSE(right.borrow());
    right.claim();  // what it has it need not wait for
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
        right.giveBack();
    }
    right.claim();
    EXPECT_FALSE(right.borrow());
}

TEST(SendRight, OnceRevokedNobodyBorrowsIt) {
    SendRight right;
    right.offer();
    right.revoke();
    EXPECT_FALSE(right.borrow());
    right.revoke();
    right.claim();
    EXPECT_FALSE(right.borrow());
    right.offer();
    EXPECT_TRUE(right.borrow()) << "until it is offered again";
}

TEST(SendRight, WhoHasBorrowedItGoesOnWhenItIsRevoked) {
    SendRight right;
    right.offer();
    ASSERT_TRUE(right.borrow());
    right.revoke();  // does not wait
    EXPECT_FALSE(right.borrow());
    right.giveBack();
    EXPECT_FALSE(right.borrow()) << "it is the reactor's again";
    right.claim();
}

TEST(SendRight, WhoLeavesSomethingToDoReturnsItToTheReactor) {
    SendRight right;
    right.offer();
    ASSERT_TRUE(right.borrow());
    right.returnToReactor();
    EXPECT_FALSE(right.borrow());
    right.claim();
    right.offer();
    ASSERT_TRUE(right.borrow());
    right.revoke();
    right.returnToReactor();
    right.claim();
    EXPECT_FALSE(right.borrow());
}

TEST(SendRight, ClaimWaitsForWhoHasBorrowedIt) {
    for (const bool leavesSomething : {false, true}) {
        SendRight right;
        right.offer();
        ASSERT_TRUE(right.borrow());
        std::atomic<bool> isClaiming{false};
        int written = 0;  // the right's
        std::jthread borrower([&] {
            isClaiming.wait(false);
            for (int i = 0; i < 100; ++i)
                std::this_thread::yield();
            written = 1;
            leavesSomething ? right.returnToReactor() : right.giveBack();
        });
        isClaiming = true;
        isClaiming.notify_one();
        right.claim();
        EXPECT_EQ(written, 1);
        EXPECT_FALSE(right.borrow());
    }
}

}  // namespace
}  // namespace tempeh::core
