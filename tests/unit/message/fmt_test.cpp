#include <tempeh/message/fmt.hpp>

#include <gtest/gtest.h>

namespace tempeh {
namespace {

TEST(Fmt, PrintsNames) {
    EXPECT_EQ(fmt::format("{} {} {} {} {}", Status::PoolEmpty, OpCode::ByeRequest, MessageType::Bye,
                          MessageRole::Request, Origin::Engine),
              "PoolEmpty ByeRequest Bye Request Engine");
    EXPECT_EQ(fmt::format("{:>10}|{:<10}|", Status::Success, OpCode::Signal), "   Success|Signal    |");
    EXPECT_EQ(fmt::format("{}", static_cast<OpCode>(15)), "unknown");
}

TEST(Fmt, PrintsHeadersAndMessagesOnOneLine) {
    Message message;
    message.header = {.channelNumber = 7, .opCode = OpCode::Response, .messageId = 42};
    message.body.append("abc");
    EXPECT_EQ(fmt::format("{}", message.header), "channel 7 Response id 42 headers 0 body 0");
    EXPECT_EQ(fmt::format("{}", message), "channel 7 Response id 42 headers 0 body 3");
}

}  // namespace
}  // namespace tempeh
