#include "machines/listener_machine.hpp"

#include <gtest/gtest.h>

namespace tempeh::machines {
namespace {

ListenerMachine listening() {
    ListenerMachine machine;
    EXPECT_TRUE(machine.onOpened(Status::Success));
    return machine;
}

ListenerMachine closed() {
    ListenerMachine machine = listening();
    EXPECT_TRUE(machine.onEnd());
    return machine;
}

TEST(ListenerMachine, OpensOnce) {
    ListenerMachine machine;
    EXPECT_EQ(machine.state(), ListenerState::Opening);
    EXPECT_TRUE(machine.owesWelcomeResponse());
    EXPECT_TRUE(machine.onOpened(Status::Success));
    EXPECT_EQ(machine.state(), ListenerState::Listening);
    EXPECT_FALSE(machine.owesWelcomeResponse());
    EXPECT_FALSE(machine.onOpened(Status::Success));
    EXPECT_EQ(machine.state(), ListenerState::Listening);
}

TEST(ListenerMachine, FailureToListenEndsIt) {
    for (const Status status : {Status::ListenFailed, Status::InvalidAddress, Status::AllocationFailed}) {
        ListenerMachine machine;
        EXPECT_FALSE(machine.onOpened(status));
        EXPECT_NE(machine.state(), ListenerState::Listening);
        EXPECT_TRUE(machine.owesWelcomeResponse());
        EXPECT_TRUE(machine.onEnd());
        EXPECT_EQ(machine.state(), ListenerState::Closed);
    }
}

TEST(ListenerMachine, ClosedWhileOpeningNeverListens) {
    ListenerMachine machine;
    EXPECT_EQ(machine.onPost(OpCode::ByeSignal).action, ListenerAction::Close);
    EXPECT_TRUE(machine.owesWelcomeResponse());
    EXPECT_TRUE(machine.onEnd());
    EXPECT_FALSE(machine.onOpened(Status::Success));
    EXPECT_EQ(machine.state(), ListenerState::Closed);
}

TEST(ListenerMachine, AnnouncesItsEndOnce) {
    ListenerMachine machine = listening();
    EXPECT_TRUE(machine.onEnd());
    EXPECT_FALSE(machine.onEnd());
    EXPECT_FALSE(machine.onOpened(Status::Success));
    EXPECT_FALSE(machine.onEnd());
}

TEST(ListenerMachine, EveryOpCodeInEveryState) {
    for (unsigned raw = 0; raw < 16; ++raw) {
        const auto opCode = static_cast<OpCode>(raw);
        const bool closes = opCode == OpCode::ByeSignal || opCode == OpCode::ByeRequest;
        for (const ListenerMachine& machine : {ListenerMachine{}, listening()}) {
            const ListenerVerdict verdict = machine.onPost(opCode);
            EXPECT_EQ(verdict.action, closes ? ListenerAction::Close : ListenerAction::Refuse) << raw;
            EXPECT_EQ(verdict.status, closes ? Status::Success : Status::NotAllowed) << raw;
        }
        const ListenerVerdict late = closed().onPost(opCode);
        EXPECT_EQ(late.action, ListenerAction::Refuse) << raw;
        EXPECT_EQ(late.status, Status::InvalidChannelNumber) << raw;
    }
}

TEST(ListenerMachine, StatesHaveNames) {
    EXPECT_EQ(nameOf(ListenerState::Opening), "Opening");
    EXPECT_EQ(nameOf(ListenerState::Listening), "Listening");
    EXPECT_EQ(nameOf(ListenerState::Closed), "Closed");
    EXPECT_EQ(nameOf(static_cast<ListenerState>(77)), "unknown");
}

}  // namespace
}  // namespace tempeh::machines
