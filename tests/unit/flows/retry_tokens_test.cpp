#include "flows/link/retry_tokens.hpp"

#include <gtest/gtest.h>

namespace tempeh::flows::detail {
namespace {

/// How many tokens there are.
int drain(RetryTokens& budget) {
    int taken = 0;
    while (budget.take())
        ++taken;
    return taken;
}

TEST(RetryTokens, BeginsFullAndEndsEmpty) {
    RetryTokens budget(3, 0.1);
    EXPECT_EQ(drain(budget), 3);
    EXPECT_FALSE(budget.take());
}

TEST(RetryTokens, AnswersFillIt) {
    RetryTokens budget(3, 0.1);
    drain(budget);
    for (int i = 0; i < 9; ++i)
        budget.onAnswer();
    EXPECT_FALSE(budget.take()) << "nine tenths";
    budget.onAnswer();
    EXPECT_TRUE(budget.take()) << "ten tenths";
    EXPECT_FALSE(budget.take());
}

TEST(RetryTokens, DoesNotSaveUpMoreThanItHadAtTheStart) {
    RetryTokens budget(2, 1.5);
    for (int i = 0; i < 100; ++i)
        budget.onAnswer();
    EXPECT_EQ(drain(budget), 2);
}

TEST(RetryTokens, IsNeverFilledAgainIfAnswersGiveNothing) {
    RetryTokens budget(2, 0);
    EXPECT_EQ(drain(budget), 2);
    budget.onAnswer();
    EXPECT_FALSE(budget.take());
}

TEST(RetryTokens, OfNoTokensIsWithoutALimit) {
    RetryTokens budget(0, 0.1);
    for (int i = 0; i < 1000; ++i)
        ASSERT_TRUE(budget.take());
    budget.onAnswer();
    EXPECT_TRUE(budget.take());
}

}  // namespace
}  // namespace tempeh::flows::detail
