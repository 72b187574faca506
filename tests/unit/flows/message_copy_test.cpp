#include "flows/peer/message_copy.hpp"

#include <gtest/gtest.h>

namespace tempeh::flows::detail {
namespace {

TEST(MessageCopy, HasHeaderTextHeadersAndBody) {
    Message from;
    from.header.opCode = OpCode::Request;
    from.header.messageId = 7;
    from.header.status = 3;
    from.textHeaders.append("name", "value");
    from.body.append("body");
    Message to;
    to.textHeaders.append("old", "1");
    to.body.append("old");
    copyMessage(from, to);
    EXPECT_EQ(to.header, from.header);
    EXPECT_EQ(to.textHeaders.view(), "name:value\r\n");
    EXPECT_EQ(to.body.view(), "body");
}

TEST(MessageCopy, OfAnEmptyMessageIsEmpty) {
    const Message from;
    Message to;
    to.textHeaders.append("old", "1");
    to.body.append("old");
    copyMessage(from, to);
    EXPECT_TRUE(to.textHeaders.empty());
    EXPECT_TRUE(to.body.empty());
}

}  // namespace
}  // namespace tempeh::flows::detail
