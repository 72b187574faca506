#include "flows/stream/stream_window.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tempeh::flows::detail {
namespace {

/// Of a stream whose first part says that.
StreamWindow windowOf(std::string_view parts) {
    Message first;
    first.textHeaders.append(streamWindowHeader, parts);
    StreamWindow window;
    window.open(first);
    return window;
}

TEST(StreamWindow, OwesNothingToAWriterThatDoesNotListen) {
    StreamWindow window;
    window.open(Message());
    EXPECT_FALSE(window.isOpen());
    for (int i = 0; i < 100; ++i)
        window.onTaken();
    EXPECT_EQ(window.takeDue(), std::nullopt);
}

TEST(StreamWindow, TellsThatThereIsAReaderBeforeAnythingIsTaken) {
    StreamWindow window = windowOf("32");
    EXPECT_EQ(window.takeDue(), 0U);
    EXPECT_EQ(window.takeDue(), std::nullopt);
}

TEST(StreamWindow, TellsTheFirstPartAndThenEveryHalfWindow) {
    StreamWindow window = windowOf("4");
    EXPECT_EQ(window.takeDue(), 0U);
    window.onTaken();
    EXPECT_EQ(window.takeDue(), 1U);
    window.onTaken();
    EXPECT_EQ(window.takeDue(), std::nullopt);
    window.onTaken();
    EXPECT_EQ(window.takeDue(), 3U);
}

TEST(StreamWindow, OfOnePartTellsEachOne) {
    StreamWindow window = windowOf("1");
    EXPECT_EQ(window.takeDue(), 0U);
    for (std::uint64_t taken = 1; taken < 5; ++taken) {
        window.onTaken();
        EXPECT_EQ(window.takeDue(), taken);
    }
}

TEST(StreamWindow, TellsAgainWhatCouldNotBeTold) {
    StreamWindow window = windowOf("4");
    EXPECT_EQ(window.takeDue(), 0U);
    window.onTaken();
    EXPECT_EQ(window.takeDue(), 1U);
    window.onNotTold();
    EXPECT_EQ(window.takeDue(), 1U);
}

TEST(StreamWindow, APartThatWaitsAgainIsNotTaken) {
    StreamWindow window = windowOf("2");
    window.onReturned();  // nothing was
    EXPECT_EQ(window.takeDue(), 0U);
    window.onTaken();
    window.onReturned();
    EXPECT_EQ(window.takeDue(), std::nullopt);
}

TEST(StreamControl, IsASignalWithThatHeaderAloneAndNoBody) {
    Message signal;
    EXPECT_FALSE(isStreamControl(signal));
    signal.textHeaders.append(streamReadHeader, "7");
    EXPECT_TRUE(isStreamControl(signal));
    EXPECT_EQ(numberIn(signal, streamReadHeader), 7U);
    signal.body.assign("x");
    EXPECT_FALSE(isStreamControl(signal));
    signal.body.clear();
    signal.textHeaders.append("mine", "too");
    EXPECT_FALSE(isStreamControl(signal));
}

TEST(StreamControl, ANumberThatIsNoneIsZero) {
    Message signal;
    signal.textHeaders.append(streamReadHeader, "seven");
    EXPECT_EQ(numberIn(signal, streamReadHeader), 0U);
    EXPECT_EQ(numberIn(signal, streamStopHeader), 0U);
}

}  // namespace
}  // namespace tempeh::flows::detail
