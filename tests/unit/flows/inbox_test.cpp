#include "flows/peer/inbox.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tempeh::flows::detail {
namespace {

MessagePtr message(std::string_view body, OpCode opCode = OpCode::Signal) {
    MessagePtr made(new Message());
    made->header.opCode = opCode;
    made->body.append(body);
    return made;
}

/// An inbox with these bodies waiting.
void fill(Inbox& inbox, std::initializer_list<std::string_view> bodies) TEMPEH_REQUIRES(hubLocked) {
    MessageQueue messages;
    for (const std::string_view body : bodies)
        messages.pushBack(message(body));
    inbox.putBack(std::move(messages));
}

std::string bodies(Inbox& inbox) TEMPEH_REQUIRES(hubLocked) {
    std::string all;
    while (const MessagePtr next = inbox.take())
        all += next->body.view();
    return all;
}

TEST(Inbox, GivesItsMessagesInOrder) {
    assertHubLocked();
    Inbox inbox;
    EXPECT_EQ(inbox.take(), nullptr);
    fill(inbox, {"a", "b"});
    fill(inbox, {"1", "2"});  // put back in front
    EXPECT_EQ(inbox.size(), 4U);
    EXPECT_EQ(bodies(inbox), "12ab");
    EXPECT_TRUE(inbox.empty());
}

TEST(Inbox, KnowsWhatItsMessagesCost) {
    assertHubLocked();
    Inbox inbox;
    fill(inbox, {"a", "bcd"});
    EXPECT_EQ(inbox.backlog().messages, 2U);
    EXPECT_EQ(inbox.backlog().bytes, 2 * sizeof(Message) + 4);
    inbox.take();
    EXPECT_EQ(inbox.backlog().bytes, sizeof(Message) + 3);
    inbox.takeAll();
    EXPECT_EQ(inbox.backlog().messages, 0U);
    EXPECT_EQ(inbox.backlog().bytes, 0U);
}

TEST(Inbox, GivesThoseThatAreWantedAndKeepsTheOthers) {
    assertHubLocked();
    Inbox inbox;
    fill(inbox, {"a", "x", "b", "x"});
    const MessageQueue taken = inbox.takeIf([](const Message& each) { return each.body.view() == "x"; });
    EXPECT_EQ(taken.size(), 2U);
    EXPECT_EQ(inbox.backlog().messages, 2U);
    EXPECT_EQ(bodies(inbox), "ab");
}

}  // namespace
}  // namespace tempeh::flows::detail
