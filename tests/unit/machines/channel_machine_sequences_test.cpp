// Random lives of channels: one machine under any events, and two machines that talk to each other.

#include "base/random.hpp"
#include "channel_machine_fixture.hpp"
#include "machines/channel_machine.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>

namespace tempeh::machines {
namespace {

/// Passes events on to a machine and checks what must hold at any time, from what it saw alone.
class Watched {
public:
    explicit Watched(Side side) : machine(side) {}

    void connect() { machine.onConnected(); }

    FrameAction receive(const BinaryHeader& header) {
        const FrameAction action = machine.onFrame(header).action;
        const bool delivered = action != FrameAction::Ignore && action != FrameAction::Violation &&
                               action != FrameAction::PeerCloses;
        if (ended || over) {
            EXPECT_EQ(action, FrameAction::Ignore);
        }
        if (delivered) {
            EXPECT_TRUE(crossesTheWire(header.opCode));
            EXPECT_NE(header.messageId, 0U);
            EXPECT_TRUE(!header.more || isRegular(header.opCode));
            const bool isHello = header.opCode == OpCode::HelloRequest;
            EXPECT_EQ(isHello, machine.side() == Side::Server && !heard) << "one hello, and first";
            heard = true;
            machine.onDelivered();
        }
        EXPECT_EQ(action == FrameAction::DeliverAndEnd, delivered && header.opCode == OpCode::ByeResponse);
        if (action == FrameAction::DeliverOweBye) {
            EXPECT_FALSE(peerBye) << "an answer is owed once";
            EXPECT_FALSE(answerQueued);
            EXPECT_EQ(header.opCode, OpCode::ByeRequest);
            EXPECT_TRUE(machine.owesByeResponse());
        }
        peerBye = peerBye || (delivered && header.opCode == OpCode::ByeRequest);
        over = over || action == FrameAction::DeliverAndEnd || action == FrameAction::Violation ||
               action == FrameAction::PeerCloses;
        check();
        return action;
    }

    PostAction post(OpCode opCode) {
        const PostAction action = machine.onPost(opCode);
        EXPECT_EQ(action == PostAction::CloseNow, opCode == OpCode::ByeSignal);
        if (action == PostAction::HoldBack) {
            EXPECT_TRUE(ended || byeQueued || answerQueued) << "held back too early";
        }
        if (action == PostAction::Queue) {
            EXPECT_FALSE(ended) << "nothing would ever send it";
            EXPECT_FALSE(answerQueued) << "after our last word";
            if (byeQueued) {
                EXPECT_EQ(opCode, OpCode::ByeResponse);
            }
            byeQueued = byeQueued || opCode == OpCode::ByeRequest;
            answerQueued = answerQueued || opCode == OpCode::ByeResponse;
        }
        check();
        return action;
    }

    bool wrote(OpCode opCode) {
        const bool last = machine.onWritten(opCode);
        over = over || last;
        check();
        return last;
    }

    Ending end(EndCause cause, Status status = Status::Success) {
        const Ending ending = machine.onEnd(cause, status);
        EXPECT_EQ(ending.announce, !ended && (machine.side() == Side::Client || heard))
            << "once, if it was known";
        if (ended) {
            EXPECT_FALSE(ending.returnHello);
        }
        if (ending.returnHello) {
            EXPECT_TRUE(machine.side() == Side::Client && !heard);
        }
        EXPECT_NE(ending.returnStatus, Status::Success);
        ended = true;
        check();
        return ending;
    }

    ChannelMachine machine;
    bool heard = false, peerBye = false, byeQueued = false, answerQueued = false, over = false, ended = false;

private:
    void check() const {
        EXPECT_EQ(machine.state() == ChannelState::Closed, ended);
        EXPECT_EQ(machine.owesByeResponse(), !ended && peerBye && !answerQueued);
        if (ended) {
            EXPECT_EQ(machine.deadline(), DeadlineKind::None);
        }
        if (machine.state() == ChannelState::Open) {
            EXPECT_FALSE(over || peerBye || byeQueued || answerQueued);
        }
        // Whoever waits for a bye waits with a deadline.
        const bool waits = !ended && (peerBye || byeQueued || answerQueued);
        if (waits) {
            EXPECT_NE(machine.deadline(), DeadlineKind::None);
        }
    }
};

BinaryHeader anyFrame(base::Random& random) {
    BinaryHeader header =
        frame(static_cast<OpCode>(random.below(4) == 0 ? random.below(16) : random.below(7)));
    if (random.below(16) == 0) header.messageId = 0;
    if (random.below(16) == 0) header.more = true;
    return header;
}

TEST(ChannelMachineSequences, AnyEventsInAnyOrder) {
    base::Random random(1);
    for (int life = 0; life < 100'000 && !testing::Test::HasFailure(); ++life) {
        Watched channel(random.below(2) == 0 ? Side::Client : Side::Server);
        int announced = 0;
        for (int step = 0; step < 24; ++step) {
            const std::uint32_t dice = random.below(100);
            if (dice < 15)
                channel.connect();
            else if (dice < 55)
                channel.receive(anyFrame(random));
            else if (dice < 85)
                channel.post(static_cast<OpCode>(random.below(8)));
            else if (dice < 95)
                channel.wrote(static_cast<OpCode>(random.below(7)));
            else
                announced +=
                    channel.end(static_cast<EndCause>(random.below(13)), Status::RecvFailed).announce;
        }
        announced += channel.end(EndCause::Shutdown).announce;
        EXPECT_EQ(announced, channel.machine.side() == Side::Client || channel.heard ? 1 : 0);
    }
}

/// One side of a connection: a machine, what it has to send, and an application that posts at random.
struct Peer {
    explicit Peer(Side side) : channel(side) {}

    Watched channel;
    std::deque<OpCode> queue;    // posted, not written
    std::deque<OpCode> inbound;  // written by the other, not read
    std::size_t posted = 0, written = 0, returned = 0, delivered = 0;
    bool closed = false;  // our end of the connection
    EndCause cause = EndCause::Failure;
};

class Conversation {
public:
    explicit Conversation(std::uint64_t seed) : random_(seed) { post(client_, OpCode::HelloRequest); }

    void run() {
        client_.channel.connect();
        for (int step = 0; step < 2'000 && !(client_.closed && server_.closed); ++step) {
            Peer& peer = random_.below(2) == 0 ? client_ : server_;
            if (peer.closed) continue;
            act(peer, other(peer));
        }
    }

    Peer& client() { return client_; }
    Peer& server() { return server_; }

private:
    Peer& other(Peer& peer) { return &peer == &client_ ? server_ : client_; }

    void act(Peer& peer, Peer& to) {
        switch (random_.below(4)) {
            case 0:
                return read(peer, to);
            case 1:
            case 2:
                return write(peer, to);
            default:
                return postAnything(peer);
        }
    }

    void postAnything(Peer& peer) {
        if (peer.channel.machine.side() == Side::Server && !peer.channel.heard) return;
        constexpr std::array ordinary{OpCode::Request, OpCode::Response, OpCode::Signal,
                                      OpCode::HelloResponse};
        OpCode opCode = ordinary[random_.below(ordinary.size())];
        if (peer.channel.machine.owesByeResponse() && random_.below(2) == 0)
            opCode = OpCode::ByeResponse;
        else if (random_.below(12) == 0)
            opCode = OpCode::ByeRequest;
        post(peer, opCode);
    }

    void post(Peer& peer, OpCode opCode) {
        ++peer.posted;
        if (peer.channel.post(opCode) == PostAction::Queue)
            peer.queue.push_back(opCode);
        else
            ++peer.returned;
    }

    void write(Peer& peer, Peer& to) {
        if (peer.queue.empty()) return;
        const OpCode opCode = peer.queue.front();
        peer.queue.pop_front();
        ++peer.written;
        if (!to.closed) to.inbound.push_back(opCode);
        if (peer.channel.wrote(opCode)) close(peer, EndCause::ByeDone);
    }

    void read(Peer& peer, Peer& from) {
        if (peer.inbound.empty()) {
            if (from.closed) close(peer, EndCause::PeerClosed);
            return;
        }
        const OpCode opCode = peer.inbound.front();
        peer.inbound.pop_front();
        ++peer.delivered;
        const FrameAction action = peer.channel.receive(frame(opCode));
        EXPECT_NE(action, FrameAction::Violation) << "of " << opCode << " by a peer that keeps the rules";
        EXPECT_NE(action, FrameAction::Ignore);
        if (action == FrameAction::DeliverAndEnd) close(peer, EndCause::ByeDone);
    }

    static void close(Peer& peer, EndCause cause) {
        EXPECT_TRUE(peer.channel.end(cause).announce);
        peer.returned += peer.queue.size();
        peer.queue.clear();
        peer.closed = true;
        peer.cause = cause;
    }

    base::Random random_;
    Peer client_{Side::Client};
    Peer server_{Side::Server};
};

TEST(ChannelMachineSequences, TwoThatKeepTheRulesNeverBreakThem) {
    int crossed = 0;
    for (std::uint64_t seed = 0; seed < 20'000 && !testing::Test::HasFailure(); ++seed) {
        Conversation talk(seed);
        talk.run();
        const Peer &client = talk.client(), &server = talk.server();
        EXPECT_TRUE(client.closed && server.closed) << "seed " << seed << ": the byes hang";
        EXPECT_TRUE(client.cause == EndCause::ByeDone || server.cause == EndCause::ByeDone) << seed;
        for (const Peer& peer : {client, server})
            EXPECT_EQ(peer.posted, peer.written + peer.returned) << seed;
        crossed += client.channel.byeQueued && server.channel.byeQueued;
        // With one bye only, everything the side that said it had queued before arrived.
        if (client.channel.byeQueued && !server.channel.byeQueued) {
            EXPECT_EQ(server.delivered, client.written) << seed;
        }
        if (server.channel.byeQueued && !client.channel.byeQueued) {
            EXPECT_EQ(client.delivered, server.written) << seed;
        }
    }
    EXPECT_GT(crossed, 1'000);
}

}  // namespace
}  // namespace tempeh::machines
