#include "machines/retry_budget.hpp"

#include <gtest/gtest.h>

namespace tempeh::machines {
namespace {

/// How many tokens there are.
int drain(RetryBudget& budget) {
    int taken = 0;
    while (budget.take())
        ++taken;
    return taken;
}

TEST(RetryBudget, BeginsFullAndEndsEmpty) {
    RetryBudget budget(3, 0.1);
    EXPECT_EQ(drain(budget), 3);
    EXPECT_FALSE(budget.take());
}

TEST(RetryBudget, AnswersFillIt) {
    RetryBudget budget(3, 0.1);
    drain(budget);
    for (int i = 0; i < 9; ++i)
        budget.onAnswer();
    EXPECT_FALSE(budget.take()) << "nine tenths";
    budget.onAnswer();
    EXPECT_TRUE(budget.take()) << "ten tenths";
    EXPECT_FALSE(budget.take());
}

TEST(RetryBudget, DoesNotSaveUpMoreThanItHadAtTheStart) {
    RetryBudget budget(2, 1.5);
    for (int i = 0; i < 100; ++i)
        budget.onAnswer();
    EXPECT_EQ(drain(budget), 2);
}

TEST(RetryBudget, IsNeverFilledAgainIfAnswersGiveNothing) {
    RetryBudget budget(2, 0);
    EXPECT_EQ(drain(budget), 2);
    budget.onAnswer();
    EXPECT_FALSE(budget.take());
}

TEST(RetryBudget, OfNoTokensIsWithoutALimit) {
    RetryBudget budget(0, 0.1);
    for (int i = 0; i < 1000; ++i)
        ASSERT_TRUE(budget.take());
    budget.onAnswer();
    EXPECT_TRUE(budget.take());
}

}  // namespace
}  // namespace tempeh::machines
