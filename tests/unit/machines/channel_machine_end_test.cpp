// How a channel comes to its end: every wish of this side's, every error and every timeout, in every stage.

#include "channel_machine_fixture.hpp"
#include "machines/channel_machine.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace tempeh::machines {
namespace {

/// A stage, and what this side has met there.
struct EndScene {
    std::string name;
    Stage stage;
    ChannelMachine machine;
    Intent intent = Intent::Serve;
    bool isWriteFailed = false;

    bool isClosed() const { return stage.machine.state() == ChannelState::Closed; }
    /// To the application, which may have to be told of its end.
    bool isKnown() const { return stage.machine.side() == Side::Client || stage.heard; }
    bool isAnswerOut() const { return stage.name == "our answer is out"; }
};

std::vector<EndScene> endScenes() {
    std::vector<EndScene> all;
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side)) {
            const EndScene plain{stage.name, stage, stage.machine};
            std::vector<EndScene> these{plain};
            EndScene failed = plain;
            failed.name += ", write failed";
            failed.isWriteFailed =
                failed.machine.onWriteError(WriteError::Peer, true) != WriteErrorAction::Nothing;
            these.push_back(failed);
            for (const EndScene& before : these) {
                all.push_back(before);
                EndScene draining = before;
                draining.name += ", draining";
                if (draining.machine.onDrain()) draining.intent = Intent::Drain;
                all.push_back(draining);
                for (EndScene detached : {before, draining}) {
                    detached.name += ", detached";
                    if (detached.machine.onDetach() != DetachAction::End) detached.intent = Intent::Detach;
                    all.push_back(detached);
                }
            }
        }
    return all;
}

TEST(ChannelMachineEnd, DetachInEveryScene) {
    for (const EndScene& scene : endScenes()) {
        ChannelMachine machine = scene.machine;
        const bool isNews = !scene.isClosed() && scene.intent != Intent::Detach;
        const DetachAction expected = !isNews           ? DetachAction::Nothing
                                      : scene.isKnown() ? DetachAction::SendRest
                                                        : DetachAction::End;
        EXPECT_EQ(machine.onDetach(), expected) << scene.name;
        EXPECT_EQ(machine.isDetached(), expected != DetachAction::End) << scene.name;
        if (expected == DetachAction::SendRest) {
            EXPECT_EQ(machine.deadline(), DeadlineKind::Linger) << scene.name;
        }
        EXPECT_FALSE(machine.onDetach() == DetachAction::SendRest) << scene.name << ": once";
    }
}

TEST(ChannelMachineEnd, DrainInEveryScene) {
    for (const EndScene& scene : endScenes()) {
        ChannelMachine machine = scene.machine;
        const bool mayDrain = !scene.isClosed() && scene.intent != Intent::Detach;
        EXPECT_EQ(machine.onDrain(), mayDrain) << scene.name;
        if (mayDrain) {
            EXPECT_EQ(machine.onQueueEmpty(), EmptyAction::End) << scene.name;
        }
        EXPECT_EQ(machine.deadline(), scene.machine.deadline()) << scene.name << ": the peer has as long";
    }
}

TEST(ChannelMachineEnd, AnEmptyQueueInEveryScene) {
    for (const EndScene& scene : endScenes()) {
        EmptyAction expected = EmptyAction::Nothing;
        if (!scene.isClosed() && scene.intent == Intent::Drain) expected = EmptyAction::End;
        if (!scene.isClosed() && scene.intent == Intent::Detach) expected = EmptyAction::CloseGently;
        EXPECT_EQ(scene.machine.onQueueEmpty(), expected) << scene.name;
    }
}

TEST(ChannelMachineEnd, AWriteErrorInEveryScene) {
    for (const EndScene& scene : endScenes())
        for (const WriteError error : {WriteError::Cancelled, WriteError::Peer, WriteError::Local})
            for (const bool mayRead : {false, true}) {
                ChannelMachine machine = scene.machine;
                WriteErrorAction expected = WriteErrorAction::Nothing;
                if (!scene.isClosed() && error == WriteError::Local)
                    expected = WriteErrorAction::EndOfFailure;
                if (!scene.isClosed() && error == WriteError::Peer)
                    expected = mayRead ? WriteErrorAction::AwaitEndOfInput : WriteErrorAction::EndOfPeer;
                EXPECT_EQ(machine.onWriteError(error, mayRead), expected) << scene.name;
                if (scene.isClosed() || error != WriteError::Peer) continue;
                EXPECT_FALSE(machine.canWrite()) << scene.name;
                EXPECT_EQ(machine.checkWait(), Status::ChannelClosed) << scene.name;
                const bool isDetached = scene.intent == Intent::Detach;
                EXPECT_EQ(machine.deadline(), isDetached ? DeadlineKind::Linger : DeadlineKind::PeerGone)
                    << scene.name;
            }
}

TEST(ChannelMachineEnd, AfterAWriteErrorThePeerIsStillHeard) {
    ChannelMachine machine = Stages::of(Side::Server)[1].machine;
    ASSERT_EQ(machine.onWriteError(WriteError::Peer, true), WriteErrorAction::AwaitEndOfInput);
    EXPECT_EQ(machine.onFrame(frame(OpCode::Request)).action, FrameAction::Deliver);
    EXPECT_EQ(machine.onFrame(frame(OpCode::ByeRequest)).action, FrameAction::DeliverOweBye);
    EXPECT_EQ(machine.deadline(), DeadlineKind::PeerGone) << "no bye can be exchanged any more";
    EXPECT_EQ(machine.onPost(OpCode::Signal), PostAction::Queue) << "comes back when the channel ends";
    EXPECT_EQ(machine.onDeadline(machine.deadline(), {}).cause, EndCause::PeerClosed);
}

DeadlineVerdict expectedAtDeadline(bool isClosed, DeadlineKind kind, const DeadlineFacts& facts) {
    if (isClosed) return {DeadlineAction::CloseStream};
    switch (kind) {
        case DeadlineKind::None:
            return {};
        case DeadlineKind::Linger:
            return {DeadlineAction::End, EndCause::LocalClose};
        case DeadlineKind::Connect:
            return {facts.isLate ? DeadlineAction::Restart : DeadlineAction::End, EndCause::ConnectTimeout};
        case DeadlineKind::Hello:
            return {facts.isLate ? DeadlineAction::Restart : DeadlineAction::End, EndCause::HelloTimeout};
        case DeadlineKind::PeerGone:
            return {facts.isLate || facts.isUnwanted ? DeadlineAction::Restart : DeadlineAction::End,
                    EndCause::PeerClosed};
        case DeadlineKind::Bye:
            break;
    }
    // Who paused it waits as long as he likes; for the pool only while nothing of ours waits here.
    const bool isOwnDoing = facts.isUnwanted || (facts.isDeaf && !facts.hasUnsent);
    return {facts.isLate || isOwnDoing ? DeadlineAction::Restart : DeadlineAction::End, EndCause::ByeTimeout};
}

TEST(ChannelMachineEnd, AfterAWriteErrorNoLastWordIsOut) {
    for (const EndScene& scene : endScenes()) {
        if (!scene.isWriteFailed || scene.isClosed()) continue;
        ChannelMachine machine = scene.machine;
        const DeadlineKind before = machine.deadline();
        EXPECT_FALSE(machine.onWritten(OpCode::ByeResponse)) << scene.name;
        EXPECT_EQ(machine.deadline(), before) << scene.name;
        EXPECT_FALSE(machine.canWrite()) << scene.name;
    }
}

TEST(ChannelMachineEnd, EveryDeadlineWithAllThatMattersForIt) {
    for (const EndScene& scene : endScenes())
        for (unsigned kind = 0; kind < 6; ++kind)
            for (unsigned bits = 0; bits < 16; ++bits) {
                DeadlineFacts facts;
                facts.isUnwanted = (bits & 1U) != 0;
                facts.isDeaf = facts.isUnwanted || (bits & 2U) != 0;
                facts.hasUnsent = (bits & 4U) != 0;
                facts.isLate = (bits & 8U) != 0;
                const auto armed = static_cast<DeadlineKind>(kind);
                const DeadlineVerdict verdict = scene.machine.onDeadline(armed, facts);
                const DeadlineVerdict expected = expectedAtDeadline(scene.isClosed(), armed, facts);
                EXPECT_EQ(verdict.action, expected.action) << scene.name << " " << kind << " " << bits;
                if (expected.action == DeadlineAction::End) {
                    EXPECT_EQ(verdict.cause, expected.cause) << scene.name << " " << kind << " " << bits;
                }
            }
}

TEST(ChannelMachineEnd, AHelloThatBeganInTimeAndDoesNotEndIsTooLate) {
    ChannelMachine server(Side::Server);
    const DeadlineKind armed = server.deadline();
    ASSERT_EQ(server.onFrame(frame(OpCode::HelloRequest)).action, FrameAction::Deliver);
    EXPECT_EQ(server.onDeadline(armed, {}).cause, EndCause::HelloTimeout);
}

TEST(ChannelMachineEnd, WaitingForRoomInEveryScene) {
    for (const EndScene& scene : endScenes()) {
        const bool mayWrite = !scene.isWriteFailed && !scene.isAnswerOut();
        Status expected = Status::Success;
        if (scene.intent == Intent::Detach) expected = Status::InvalidChannelGroup;
        if (scene.isClosed() || !mayWrite) expected = Status::ChannelClosed;
        EXPECT_EQ(scene.machine.checkWait(), expected) << scene.name;
        if (!scene.isClosed()) {
            EXPECT_EQ(scene.machine.canWrite(), mayWrite) << scene.name;
        }
        const bool isPlain =
            scene.stage.machine.state() == ChannelState::Open && mayWrite && scene.intent == Intent::Serve;
        EXPECT_EQ(scene.machine.mayBeWrittenElsewhere(), isPlain) << scene.name;
    }
}

TEST(ChannelMachineEnd, WhoIsToldOfTheEndInEveryScene) {
    for (const EndScene& scene : endScenes()) {
        ChannelMachine machine = scene.machine;
        const bool isTold = !scene.isClosed() && scene.isKnown() && scene.intent != Intent::Detach;
        EXPECT_EQ(machine.onEnd(EndCause::PeerClosed).announce, isTold) << scene.name;
    }
}

TEST(ChannelMachineEnd, WhatIsLeftToDoWithTheStream) {
    for (const EndScene& scene : endScenes())
        for (const EndCause cause : {EndCause::Shutdown, EndCause::ByeDone, EndCause::PeerClosed}) {
            if (scene.isClosed()) continue;
            ChannelMachine machine = scene.machine;
            machine.onEnd(cause);
            machine.onEnd(EndCause::Failure);  // the first cause counts
            AfterEnd expected = cause == EndCause::Shutdown ? AfterEnd::SendRest : AfterEnd::Close;
            if (scene.isAnswerOut() && !scene.isWriteFailed) expected = AfterEnd::AwaitPeer;
            EXPECT_EQ(machine.afterEnd(), expected) << scene.name;
        }
}

TEST(ChannelMachineEnd, AnAnswerThatWasNotHandedOverIsNone) {
    ChannelMachine client(Side::Client);
    client.onConnected();
    ASSERT_EQ(client.onFrame(frame(OpCode::HelloResponse)).action, FrameAction::Deliver);
    EXPECT_TRUE(client.awaitsFirstDelivery());
    ChannelMachine told = client;
    told.onDelivered();
    EXPECT_FALSE(told.awaitsFirstDelivery());
    EXPECT_FALSE(told.onEnd(EndCause::PeerClosed).returnHello);
    EXPECT_TRUE(client.onEnd(EndCause::PeerClosed).returnHello);

    ChannelMachine server(Side::Server);
    ASSERT_EQ(server.onFrame(frame(OpCode::HelloRequest)).action, FrameAction::Deliver);
    EXPECT_EQ(ChannelMachine(server).onDetach(), DetachAction::End) << "it came to nobody's knowledge";
    EXPECT_FALSE(server.onEnd(EndCause::PeerClosed).announce);
}

TEST(ChannelMachineEnd, AHelloThatNobodyAnsweredIsNoticed) {
    using std::chrono::milliseconds;
    const Exchanged hello{milliseconds(1000), 0, 1};
    const auto isNoticed = [](Side side, EndCause cause, const Exchanged& exchanged) {
        ChannelMachine machine(side);
        machine.onEnd(cause);
        return machine.wasLeftUnanswered(exchanged);
    };
    EXPECT_TRUE(isNoticed(Side::Server, EndCause::PeerClosed, hello));
    EXPECT_FALSE(isNoticed(Side::Client, EndCause::PeerClosed, hello));
    EXPECT_FALSE(isNoticed(Side::Server, EndCause::Shutdown, hello));
    EXPECT_FALSE(isNoticed(Side::Server, EndCause::PeerClosed, {milliseconds(999), 0, 1}));
    EXPECT_FALSE(isNoticed(Side::Server, EndCause::PeerClosed, {milliseconds(1000), 1, 1}));
    EXPECT_FALSE(isNoticed(Side::Server, EndCause::PeerClosed, {milliseconds(1000), 0, 2}));
}

}  // namespace
}  // namespace tempeh::machines
