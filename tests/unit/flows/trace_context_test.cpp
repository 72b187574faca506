#include <tempeh/flows/trace_context.hpp>

#include <gtest/gtest.h>

#include <set>

namespace tempeh::flows {
namespace {

constexpr std::string_view example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, ReadsItsFields) {
    const auto context = TraceContext::parse(example, "vendor=1");
    ASSERT_TRUE(context);
    EXPECT_EQ(context->traceId(), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(context->parentId(), "00f067aa0ba902b7");
    EXPECT_TRUE(context->isSampled());
    EXPECT_EQ(context->traceparent(), example);
    EXPECT_EQ(context->tracestate(), "vendor=1");
    EXPECT_FALSE(TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02")->isSampled());
    EXPECT_TRUE(TraceContext::parse("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0f")->isSampled());
}

TEST(TraceContext, RefusesWhatIsMalformed) {
    for (const std::string_view text : {
             "",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
             "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
             "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
             "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
             "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
         })
        EXPECT_FALSE(TraceContext::parse(text)) << text;
}

TEST(TraceContext, UnderstandsALaterVersionAsFarAsItIsTheSame) {
    const auto context =
        TraceContext::parse("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes");
    ASSERT_TRUE(context);
    EXPECT_EQ(context->traceparent(), example);
}

TEST(TraceContext, BeginsANewTraceEachTime) {
    std::set<std::string, std::less<>> traces;
    for (int i = 0; i < 1000; ++i) {
        const TraceContext context = TraceContext::begin();
        ASSERT_TRUE(TraceContext::parse(context.traceparent())) << context.traceparent();
        traces.emplace(context.traceId());
    }
    EXPECT_EQ(traces.size(), 1000U);
    EXPECT_FALSE(TraceContext::begin(false).isSampled());
}

TEST(TraceContext, ChildStaysInTheTraceWithAnotherParent) {
    const auto context = TraceContext::parse(example, "vendor=1");
    const TraceContext child = context->child();
    EXPECT_TRUE(TraceContext::parse(child.traceparent()));
    EXPECT_EQ(child.traceId(), context->traceId());
    EXPECT_NE(child.parentId(), context->parentId());
    EXPECT_EQ(child.isSampled(), context->isSampled());
    EXPECT_EQ(child.tracestate(), "vendor=1");
}

TEST(TraceContext, GoesIntoAMessageAndComesOutAgain) {
    Message message;
    EXPECT_FALSE(TraceContext::of(message));
    const auto context = TraceContext::parse(example, "vendor=1");
    context->addTo(message);
    EXPECT_EQ(TraceContext::of(message), context);
    TraceContext::begin().addTo(message);
    EXPECT_EQ(TraceContext::of(message), context) << "a message's own trace stays";
    Message without;
    TraceContext::begin().addTo(without);
    EXPECT_FALSE(without.textHeaders.find(tracestateHeader));
}

}  // namespace
}  // namespace tempeh::flows
