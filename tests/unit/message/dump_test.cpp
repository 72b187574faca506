#include "support/vectors.hpp"

#include <tempeh/message/message.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tempeh {
namespace {

TEST(Dump, ShowsHeaderTextHeadersAndBody) {
    const MessagePtr message = test::vectors()[3].message();
    EXPECT_EQ(dump(*message),
              "channel 7 Request more id 72623859790382856 headers 22 body 7\n"
              "  PDL: PS\n"
              "  Job-ID: 12345\n"
              "  0000  63 68 75 6e 6b 2d 31                             chunk-1\n");
}

TEST(Dump, OfAnEmptyMessageIsOneLine) {
    EXPECT_EQ(dump(Message()), "channel 0 Request id 0 headers 0 body 0\n");
}

TEST(Dump, TellsTheEnginesStatus) {
    Message message;
    message.header = {.channelNumber = 3, .opCode = OpCode::Signal, .origin = Origin::Engine, .status = 22};
    EXPECT_EQ(dump(message), "channel 3 Signal engine ChannelClosed id 0 headers 0 body 0\n");
}

TEST(Dump, SaysHowMuchOfTheBodyIsLeftOut) {
    Message message;
    for (int i = 0; i != 100; ++i)
        message.body.append("\x01");
    const std::string full = dump(message, {.maxBodyBytes = 100});
    EXPECT_EQ(std::count(full.begin(), full.end(), '\n'), 1 + 7);
    EXPECT_NE(full.find("\n  0060  01 01 01 01"), std::string::npos);
    const std::string part = dump(message, {.maxBodyBytes = 20});
    EXPECT_EQ(std::count(part.begin(), part.end(), '\n'), 1 + 2 + 1);
    EXPECT_TRUE(part.ends_with("\n  and 80 more bytes\n"));
    EXPECT_TRUE(dump(message, {.maxBodyBytes = 0}).ends_with("body 100\n  and 100 more bytes\n"));
    EXPECT_TRUE(dump(message).ends_with("\n  and 36 more bytes\n"));
}

TEST(Dump, HidesWhatATerminalWouldObey) {
    Message message;
    message.textHeaders.append("a", "x\x1b[31m\xc3\xa9");
    message.body.append(std::string_view("\x1b\x00\xff~", 4));
    EXPECT_EQ(dump(message),
              "channel 0 Request id 0 headers 12 body 4\n"
              "  a: x\\x1b[31m\xc3\xa9\n"
              "  0000  1b 00 ff 7e                                      ...~\n");
}

}  // namespace
}  // namespace tempeh
