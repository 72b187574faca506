#pragma once

#include "machines/channel_machine.hpp"

#include <ostream>
#include <string>
#include <vector>

namespace tempeh::machines {

inline std::ostream& operator<<(std::ostream& out, ChannelState state) {
    return out << nameOf(state);
}
inline std::ostream& operator<<(std::ostream& out, EndCause cause) {
    return out << describe(cause);
}
inline std::ostream& operator<<(std::ostream& out, FrameAction action) {
    constexpr const char* names[] = {"Deliver",    "DeliverOweBye", "DeliverAndEnd",
                                     "PeerCloses", "Ignore",        "Violation"};
    return out << names[static_cast<std::size_t>(action)];
}
inline std::ostream& operator<<(std::ostream& out, PostAction action) {
    constexpr const char* names[] = {"Queue", "HoldBack", "CloseNow"};
    return out << names[static_cast<std::size_t>(action)];
}

inline BinaryHeader frame(OpCode opCode, MessageId id = 1, bool more = false) {
    BinaryHeader header;
    header.channelNumber = 7;
    header.opCode = opCode;
    header.messageId = id;
    header.more = more;
    return header;
}

inline constexpr Side bothSides[] = {Side::Client, Side::Server};

/// Where a machine can be: its state and what was said before. The bits are independent of the machine's own
/// fields.
struct Stage {
    std::string name;
    ChannelMachine machine;
    bool ourBye = false;        // we queued a ByeRequest
    bool ourByeAnswer = false;  // we queued a ByeResponse
    bool peerBye = false;       // the peer's ByeRequest came
    bool heard = false;         // something valid came, and was handed over
    bool streamOver = false;    // a ByeResponse went or came, or the peer broke the protocol; onEnd() is due
};

/// Every distinct point of the life of a channel on one side.
class Stages {
public:
    static std::vector<Stage> of(Side side) {
        std::vector<Stage> all;
        if (side == Side::Client) addUnheard(all, "Connecting", ChannelMachine(side));
        ChannelMachine first(side);
        first.onConnected();
        addUnheard(all, side == Side::Client ? "HelloSent" : "AwaitingHello", first);
        ChannelMachine open = first;
        open = received(open, side == Side::Client ? OpCode::HelloResponse : OpCode::HelloRequest);
        addOpen(all, open);
        Stage closed{"Closed", open, false, false, false, true};
        closed.machine.onEnd(EndCause::PeerClosed);
        all.push_back(closed);
        return all;
    }

private:
    static void addUnheard(std::vector<Stage>& all, const std::string& name, const ChannelMachine& machine) {
        all.push_back({name, machine});
        if (machine.side() == Side::Server) return;  // the application does not know of the channel
        all.push_back({name + ", we said bye", posted(machine, OpCode::ByeRequest), true});
        all.push_back({name + ", we answered unasked", posted(machine, OpCode::ByeResponse), false, true});
    }

    static void addOpen(std::vector<Stage>& all, const ChannelMachine& open) {
        const ChannelMachine weSaid = posted(open, OpCode::ByeRequest);
        const ChannelMachine peerSaid = received(open, OpCode::ByeRequest);
        const ChannelMachine crossed = received(weSaid, OpCode::ByeRequest);
        const ChannelMachine answered = posted(peerSaid, OpCode::ByeResponse);
        ChannelMachine written = answered;
        written.onWritten(OpCode::ByeResponse);
        all.push_back({"Open", open, false, false, false, true});
        all.push_back({"we said bye", weSaid, true, false, false, true});
        all.push_back({"the peer said bye", peerSaid, false, false, true, true});
        all.push_back({"both said bye", crossed, true, false, true, true});
        all.push_back(
            {"both said bye, we answered", posted(crossed, OpCode::ByeResponse), true, true, true, true});
        all.push_back({"we answered", answered, false, true, true, true});
        all.push_back({"we answered unasked", posted(open, OpCode::ByeResponse), false, true, false, true});
        all.push_back({"our answer is out", written, false, true, true, true, true});
        all.push_back(
            {"our bye was answered", received(weSaid, OpCode::ByeResponse), true, false, false, true, true});
        all.push_back({"the peer answered unasked", received(open, OpCode::ByeResponse), false, false, false,
                       true, true});
        all.push_back({"violation", received(open, OpCode::WelcomeRequest), false, false, false, true, true});
    }

    static ChannelMachine posted(ChannelMachine machine, OpCode opCode) {
        machine.onPost(opCode);
        return machine;
    }
    static ChannelMachine received(ChannelMachine machine, OpCode opCode) {
        const FrameAction action = machine.onFrame(frame(opCode)).action;
        if (action != FrameAction::Violation) machine.onDelivered();
        return machine;
    }
};

}  // namespace tempeh::machines
