#include "flows/stream/unclaimed_streams.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tempeh::flows::detail {
namespace {

/// A part of a stream; the first of one whose writer listens says its window.
MessagePtr part(MessageId id, bool more, int window = 0, OpCode opCode = OpCode::Request) {
    MessagePtr message(new Message());
    message->header.opCode = opCode;
    message->header.messageId = id;
    message->header.more = more;
    if (window != 0) message->textHeaders.append(streamWindowHeader, std::to_string(window));
    return message;
}

TEST(UnclaimedStreams, TellsTheWriterOfANewStreamOnce) {
    assertHubLocked();
    UnclaimedStreams streams;
    EXPECT_TRUE(streams.empty());
    StreamWindow* const window = streams.onPart(*part(1, true, 4));
    ASSERT_NE(window, nullptr);
    EXPECT_EQ(window->takeDue(), 0U);
    EXPECT_FALSE(streams.empty());
    EXPECT_EQ(streams.onPart(*part(1, true)), nullptr);
}

TEST(UnclaimedStreams, IgnoresWhatIsNotPaced) {
    assertHubLocked();
    UnclaimedStreams streams;
    EXPECT_EQ(streams.onPart(*part(1, true)), nullptr);      // its writer knows no windows
    EXPECT_EQ(streams.onPart(*part(2, false, 4)), nullptr);  // complete in itself
    EXPECT_TRUE(streams.empty());
}

TEST(UnclaimedStreams, CountsWhatReceiveTakes) {
    assertHubLocked();
    UnclaimedStreams streams;
    (void)streams.onPart(*part(1, true, 4))->takeDue();
    StreamWindow* const window = streams.onReceived(*part(1, true));
    ASSERT_NE(window, nullptr);
    EXPECT_EQ(window->takeDue(), 1U);
    EXPECT_EQ(streams.onReceived(*part(2, true)), nullptr);
    EXPECT_EQ(streams.onReceived(*part(1, true, 0, OpCode::Signal)), nullptr);
}

TEST(UnclaimedStreams, ForgetsAStreamWithItsLastPart) {
    assertHubLocked();
    UnclaimedStreams streams;
    streams.onPart(*part(1, true, 4));
    streams.onPart(*part(1, false));
    EXPECT_TRUE(streams.empty());
    EXPECT_EQ(streams.onReceived(*part(1, true)), nullptr);
}

TEST(UnclaimedStreams, HandsAStreamOverWithWhatWasReported) {
    assertHubLocked();
    UnclaimedStreams streams;
    (void)streams.onPart(*part(1, true, 4))->takeDue();
    streams.onReceived(*part(1, true));
    std::optional<StreamWindow> window = streams.claim(*part(1, true));
    ASSERT_TRUE(window);
    EXPECT_EQ(window->takeDue(), 1U);
    EXPECT_TRUE(streams.empty());
    EXPECT_FALSE(streams.claim(*part(1, true)));
}

TEST(UnclaimedStreams, KeepsABoundedNumber) {
    assertHubLocked();
    UnclaimedStreams streams;
    MessageId id = 1;
    while (streams.onPart(*part(id, true, 4)) != nullptr)
        ASSERT_LT(++id, 100'000U);
    EXPECT_GT(id, 100U);
    streams.onPart(*part(1, false));
    EXPECT_NE(streams.onPart(*part(id, true, 4)), nullptr);  // one has made room
}

}  // namespace
}  // namespace tempeh::flows::detail
