#include "flows/hub/engine_probe.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace tempeh::flows::detail {
namespace {

TEST(EngineProbe, BelievesInAnEngineThatAnswers) {
    asio::io_context context;
    EngineProbe probe(context.get_executor());
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(probe.isAlive());
        context.poll();
        context.restart();
    }
}

TEST(EngineProbe, GivesUpOnOneThatNobodyRuns) {
    asio::io_context context;
    EngineProbe probe(context.get_executor());
    int intervals = 0;
    while (probe.isAlive())
        ASSERT_LT(++intervals, 100);
    EXPECT_GT(intervals, 1);  // one late answer is none missing
}

TEST(EngineProbe, ALateAnswerCounts) {
    asio::io_context context;
    EngineProbe probe(context.get_executor());
    EXPECT_TRUE(probe.isAlive());
    EXPECT_TRUE(probe.isAlive());
    context.poll();
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(probe.isAlive());
}

TEST(EngineProbe, MayBeGoneBeforeTheAnswer) {
    asio::io_context context;
    { EXPECT_TRUE(EngineProbe(context.get_executor()).isAlive()); }
    EXPECT_EQ(context.poll(), 1U);
}

}  // namespace
}  // namespace tempeh::flows::detail
