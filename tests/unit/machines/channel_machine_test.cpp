#include "machines/channel_machine.hpp"

#include "channel_machine_fixture.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <set>

namespace tempeh::machines {
namespace {

constexpr EndCause allCauses[] = {EndCause::LocalClose,    EndCause::ByeDone,        EndCause::PeerClosed,
                                  EndCause::ConnectFailed, EndCause::ConnectTimeout, EndCause::HelloTimeout,
                                  EndCause::ByeTimeout,    EndCause::Violation,      EndCause::Failure,
                                  EndCause::Shutdown,      EndCause::FrameTimeout,   EndCause::WriteTimeout,
                                  EndCause::Refused};

/// docs/wire.md, "A conversation", its last table, first column to second.
bool mayComeNext(const Stage& stage, OpCode opCode) {
    using enum OpCode;
    const std::set<OpCode> open{Request, Response, Signal, ByeRequest, ByeResponse, HelloResponse};
    const std::set<OpCode> unheard{HelloResponse, Request, Response, Signal, ByeRequest};
    switch (stage.machine.state()) {
        case ChannelState::Connecting:
            return false;
        case ChannelState::AwaitingHello:
            return opCode == HelloRequest;
        case ChannelState::HelloSent:
            return unheard.contains(opCode) || (stage.ourBye && opCode == ByeResponse);
        default:
            return open.contains(opCode);
    }
}

FrameVerdict expectedVerdict(const Stage& stage, const BinaryHeader& header) {
    const ChannelState state = stage.machine.state();
    const auto raw = static_cast<unsigned>(header.opCode);
    if (state == ChannelState::Closed || stage.streamOver) return {FrameAction::Ignore};
    if (header.opCode == OpCode::ByeSignal && state != ChannelState::Connecting)
        return {FrameAction::PeerCloses};
    if (raw >= 7) return {FrameAction::Violation, Status::InvalidOpCode};
    if (header.more && raw > 2) return {FrameAction::Violation, Status::InvalidMoreUsage};
    if (header.messageId == 0) return {FrameAction::Violation, Status::InvalidMessageId};
    if (state == ChannelState::Connecting) return {FrameAction::Violation, Status::InvalidMessage};
    if (!mayComeNext(stage, header.opCode)) return {FrameAction::Violation, Status::InvalidOpCode};
    if (header.opCode == OpCode::ByeResponse) return {FrameAction::DeliverAndEnd};
    if (header.opCode == OpCode::ByeRequest && !stage.peerBye && !stage.ourByeAnswer)
        return {FrameAction::DeliverOweBye};
    return {FrameAction::Deliver};
}

TEST(ChannelMachine, EveryFrameInEveryStage) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side))
            for (unsigned raw = 0; raw < 16; ++raw)
                for (const bool more : {false, true})
                    for (const MessageId id : {MessageId{0}, MessageId{1}, ~MessageId{0}}) {
                        const BinaryHeader header = frame(static_cast<OpCode>(raw), id, more);
                        ChannelMachine machine = stage.machine;
                        const FrameVerdict verdict = machine.onFrame(header);
                        const FrameVerdict expected = expectedVerdict(stage, header);
                        EXPECT_EQ(verdict.action, expected.action) << stage.name << " " << raw << more << id;
                        EXPECT_EQ(verdict.status, expected.status) << stage.name << " " << raw << more << id;
                    }
}

TEST(ChannelMachine, StateAfterEveryAllowedFrame) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side))
            for (unsigned raw = 0; raw < 7; ++raw) {
                const auto opCode = static_cast<OpCode>(raw);
                ChannelMachine machine = stage.machine;
                const FrameAction action = machine.onFrame(frame(opCode)).action;
                if (action == FrameAction::Ignore || action == FrameAction::Violation) continue;
                const bool bye = stage.ourBye || stage.ourByeAnswer || stage.peerBye ||
                                 opCode == OpCode::ByeRequest || opCode == OpCode::ByeResponse;
                EXPECT_EQ(machine.state(), bye ? ChannelState::Ending : ChannelState::Open)
                    << stage.name << raw;
                EXPECT_EQ(machine.deadline(), bye ? DeadlineKind::Bye : DeadlineKind::None)
                    << stage.name << raw;
            }
}

TEST(ChannelMachine, EveryPostInEveryStage) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side))
            for (unsigned raw = 0; raw < 8; ++raw) {
                const auto opCode = static_cast<OpCode>(raw);
                const bool closed = stage.machine.state() == ChannelState::Closed;
                const bool lastWordSaid =
                    closed || stage.ourByeAnswer || (stage.ourBye && opCode != OpCode::ByeResponse);
                const PostAction expected = opCode == OpCode::ByeSignal ? PostAction::CloseNow
                                            : lastWordSaid              ? PostAction::HoldBack
                                                                        : PostAction::Queue;
                ChannelMachine machine = stage.machine;
                EXPECT_EQ(machine.onPost(opCode), expected) << stage.name << " " << opCode;
            }
}

TEST(ChannelMachine, OwesAByeResponseUntilOneIsQueued) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side)) {
            EXPECT_EQ(stage.machine.owesByeResponse(), stage.peerBye && !stage.ourByeAnswer) << stage.name;
            ChannelMachine machine = stage.machine;
            machine.onPost(OpCode::ByeResponse);
            EXPECT_FALSE(machine.owesByeResponse()) << stage.name;
            machine = stage.machine;
            machine.onEnd(EndCause::PeerClosed);
            EXPECT_FALSE(machine.owesByeResponse()) << stage.name;
        }
}

TEST(ChannelMachine, DeadlineOfEveryStage) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side)) {
            const bool bye = stage.ourBye || stage.ourByeAnswer || stage.peerBye || stage.streamOver;
            DeadlineKind expected = bye ? DeadlineKind::Bye : DeadlineKind::None;
            if (stage.machine.state() == ChannelState::Connecting) expected = DeadlineKind::Connect;
            if (stage.machine.state() == ChannelState::AwaitingHello) expected = DeadlineKind::Hello;
            EXPECT_EQ(stage.machine.deadline(), expected) << stage.name;
            ChannelMachine machine = stage.machine;
            machine.onEnd(EndCause::LocalClose);
            EXPECT_EQ(machine.deadline(), DeadlineKind::None) << stage.name;
        }
}

TEST(ChannelMachine, OnlyAWrittenByeResponseEndsTheStream) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side))
            for (unsigned raw = 0; raw < 10; ++raw) {
                ChannelMachine machine = stage.machine;
                const auto opCode = static_cast<OpCode>(raw);
                EXPECT_EQ(machine.onWritten(opCode), opCode == OpCode::ByeResponse) << stage.name << raw;
            }
}

TEST(ChannelMachine, NothingIsHeardAfterOurByeResponseWentOut) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side)) {
            ChannelMachine machine = stage.machine;
            machine.onWritten(OpCode::ByeResponse);
            for (unsigned raw = 0; raw < 16; ++raw)
                EXPECT_EQ(machine.onFrame(frame(static_cast<OpCode>(raw))).action, FrameAction::Ignore)
                    << stage.name;
        }
}

TEST(ChannelMachine, NothingIsHeardAfterAViolationOrTheEnd) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side)) {
            ChannelMachine broken = stage.machine;
            broken.onFrame(frame(static_cast<OpCode>(15)));
            ChannelMachine ended = stage.machine;
            ended.onEnd(EndCause::PeerClosed);
            ended.onConnected();
            EXPECT_EQ(ended.state(), ChannelState::Closed);
            for (unsigned raw = 0; raw < 16; ++raw) {
                const BinaryHeader header = frame(static_cast<OpCode>(raw), raw % 2);
                EXPECT_EQ(broken.onFrame(header).action, FrameAction::Ignore) << stage.name;
                EXPECT_EQ(ended.onFrame(header).action, FrameAction::Ignore) << stage.name;
            }
        }
}

TEST(ChannelMachine, ConnectedCountsOnlyWhileConnecting) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side)) {
            ChannelMachine machine = stage.machine;
            machine.onConnected();
            const bool connecting = stage.machine.state() == ChannelState::Connecting;
            EXPECT_EQ(machine.state(), connecting ? ChannelState::HelloSent : stage.machine.state())
                << stage.name;
        }
}

// --- the end
// ------------------------------------------------------------------------------------------------------

TEST(ChannelMachine, EveryCauseInEveryStage) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side))
            for (const EndCause cause : allCauses) {
                const ChannelState state = stage.machine.state();
                const bool first = state != ChannelState::Closed;
                const bool local = cause == EndCause::LocalClose || cause == EndCause::ByeDone;
                const bool helloFailed = side == Side::Client && !stage.heard;
                ChannelMachine machine = stage.machine;
                const Ending ending = machine.onEnd(cause);
                EXPECT_EQ(ending.announce, first && (side == Side::Client || stage.heard))
                    << stage.name << cause;
                EXPECT_EQ(ending.returnHello,
                          first && helloFailed && (state == ChannelState::Connecting || !local))
                    << stage.name << cause;
                EXPECT_EQ(machine.state(), ChannelState::Closed);
                const Ending again = machine.onEnd(EndCause::Failure, Status::SendFailed);
                EXPECT_FALSE(again.announce) << stage.name << cause;
                EXPECT_FALSE(again.returnHello) << stage.name << cause;
            }
}

TEST(ChannelMachine, StatusOfEveryCause) {
    const auto statusOf = [](EndCause cause, Status status = Status::Success) {
        return ChannelMachine(Side::Client).onEnd(cause, status).returnStatus;
    };
    EXPECT_EQ(statusOf(EndCause::LocalClose), Status::Returned);
    EXPECT_EQ(statusOf(EndCause::ByeDone), Status::Returned);
    EXPECT_EQ(statusOf(EndCause::PeerClosed), Status::PeerDisconnected);
    EXPECT_EQ(statusOf(EndCause::ConnectTimeout), Status::ConnectFailed);
    EXPECT_EQ(statusOf(EndCause::ConnectFailed), Status::ConnectFailed);
    EXPECT_EQ(statusOf(EndCause::ConnectFailed, Status::UdsPathNotFound), Status::UdsPathNotFound);
    EXPECT_EQ(statusOf(EndCause::ConnectFailed, Status::InvalidAddress), Status::InvalidAddress);
    EXPECT_EQ(statusOf(EndCause::HelloTimeout), Status::CommunicationFailed);
    EXPECT_EQ(statusOf(EndCause::ByeTimeout), Status::CommunicationFailed);
    EXPECT_EQ(statusOf(EndCause::Violation, Status::InvalidMoreUsage), Status::InvalidMoreUsage);
    EXPECT_EQ(statusOf(EndCause::Violation), Status::CommunicationFailed);
    EXPECT_EQ(statusOf(EndCause::Failure, Status::AllocationFailed), Status::AllocationFailed);
    EXPECT_EQ(statusOf(EndCause::Failure), Status::CommunicationFailed);
    EXPECT_EQ(statusOf(EndCause::Shutdown), Status::ShutdownStarted);
    EXPECT_EQ(statusOf(EndCause::Refused), Status::NotAllowed);
}

TEST(ChannelMachine, EveryNameIsItsOwn) {
    std::set<std::string_view> reasons;
    for (const EndCause cause : allCauses)
        reasons.insert(describe(cause));
    EXPECT_EQ(reasons.size(), std::size(allCauses));
    EXPECT_EQ(describe(static_cast<EndCause>(99)), "unknown");
    std::set<std::string_view> states;
    for (unsigned raw = 0; raw < 6; ++raw)
        states.insert(nameOf(static_cast<ChannelState>(raw)));
    EXPECT_EQ(states.size(), 6U);
    EXPECT_FALSE(states.contains("unknown"));
    EXPECT_EQ(nameOf(static_cast<ChannelState>(99)), "unknown");
}

TEST(ChannelMachine, AByeSignalIsARefusalOfAHelloThatNothingAnswered) {
    for (const Side side : bothSides)
        for (const Stage& stage : Stages::of(side)) {
            ChannelMachine machine = stage.machine;
            machine.onFrame(frame(OpCode::ByeSignal, 0, true));
            const bool refuses = side == Side::Client && !stage.heard;
            EXPECT_EQ(machine.endedByPeer(), refuses ? EndCause::Refused : EndCause::PeerClosed)
                << stage.name;
        }
}

// --- stories
// ------------------------------------------------------------------------------------------------------

TEST(ChannelMachine, ServerMayTalkWithoutHelloResponse) {
    ChannelMachine client(Side::Client);
    client.onConnected();
    EXPECT_EQ(client.onFrame(frame(OpCode::Signal)).action, FrameAction::Deliver);
    EXPECT_EQ(client.state(), ChannelState::Open);
    EXPECT_EQ(client.onFrame(frame(OpCode::HelloResponse)).action, FrameAction::Deliver);
}

TEST(ChannelMachine, ByeBeforeThePeerSaidAnythingKeepsItsDeadline) {
    ChannelMachine client(Side::Client);
    client.onConnected();
    EXPECT_EQ(client.onPost(OpCode::ByeRequest), PostAction::Queue);
    EXPECT_EQ(client.deadline(), DeadlineKind::Bye);
    EXPECT_EQ(client.onFrame(frame(OpCode::HelloResponse)).action, FrameAction::Deliver);
    EXPECT_EQ(client.deadline(), DeadlineKind::Bye);
    EXPECT_EQ(client.onFrame(frame(OpCode::ByeResponse)).action, FrameAction::DeliverAndEnd);
}

TEST(ChannelMachine, ByesCross) {
    ChannelMachine machine = Stages::of(Side::Server)[1].machine;
    ASSERT_EQ(machine.state(), ChannelState::Open);
    EXPECT_EQ(machine.onPost(OpCode::ByeRequest), PostAction::Queue);
    EXPECT_FALSE(machine.onWritten(OpCode::ByeRequest));
    EXPECT_EQ(machine.onFrame(frame(OpCode::Request)).action, FrameAction::Deliver)
        << "queued before its bye";
    EXPECT_EQ(machine.onFrame(frame(OpCode::ByeRequest)).action, FrameAction::DeliverOweBye);
    EXPECT_TRUE(machine.owesByeResponse());
    EXPECT_EQ(machine.onPost(OpCode::Signal), PostAction::HoldBack);
    EXPECT_EQ(machine.onPost(OpCode::ByeResponse), PostAction::Queue);
    EXPECT_TRUE(machine.onWritten(OpCode::ByeResponse));
    EXPECT_EQ(machine.onFrame(frame(OpCode::ByeResponse)).action, FrameAction::Ignore);
    EXPECT_TRUE(machine.onEnd(EndCause::ByeDone).announce);
}

TEST(ChannelMachine, ManyByeRequestsOweOneAnswer) {
    ChannelMachine machine = Stages::of(Side::Server)[1].machine;
    EXPECT_EQ(machine.onFrame(frame(OpCode::ByeRequest, 5)).action, FrameAction::DeliverOweBye);
    EXPECT_EQ(machine.onFrame(frame(OpCode::ByeRequest, 6)).action, FrameAction::Deliver);
    EXPECT_EQ(machine.onPost(OpCode::ByeResponse), PostAction::Queue);
    EXPECT_EQ(machine.onFrame(frame(OpCode::ByeRequest, 7)).action, FrameAction::Deliver);
    EXPECT_EQ(machine.onPost(OpCode::ByeResponse), PostAction::HoldBack);
}

}  // namespace
}  // namespace tempeh::machines
