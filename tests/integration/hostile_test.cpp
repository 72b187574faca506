// What hostile or broken peers cost: their own channel, nothing else.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

#include <tempeh/tempeh.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <random>

namespace tempeh::test {
namespace {

/// A server with a well-behaved client on the same reactor, which must go on echoing whatever happens.
class Hostile : public ::testing::Test {
protected:
    explicit Hostile(const Options& options = Options{.helloTimeout = patience}) : reactor_(options) {
        listening_ = server_.listen(localTcp());
        port_ = std::get<TcpServerAddress>(listening_.bound).port;
        good_ = client_.sayHello(listening_.address).channelNumber;
        goodAtServer_ = server_.acceptHello();
        client_.next(OpCode::HelloResponse);
    }
    void TearDown() override { expectEcho(); }

    /// The good client's round trip; the server meets nothing else meanwhile.
    void expectEcho() {
        client_.post(OpCode::Request, good_, "still there?");
        MessagePtr request = server_.next(OpCode::Request);
        EXPECT_EQ(request->header.channelNumber, goodAtServer_);
        request->header.opCode = OpCode::Response;
        server_.post(std::move(request));
        EXPECT_EQ(client_.next(OpCode::Response)->body.view(), "still there?");
    }
    raw::Peer connect() { return raw::Peer::connectTo(port_); }
    /// A peer that has said Hello; its number at the server.
    raw::Peer connectAndSayHello(ChannelNumber& channel) {
        raw::Peer peer = connect();
        peer.send(raw::helloRequest().bytes());
        channel = server_.next(OpCode::HelloRequest)->header.channelNumber;
        return peer;
    }
    std::uint64_t violations() { return reactor_.stats().violations; }

    Reactor reactor_;
    Party server_{reactor_};
    Party client_{reactor_};
    Listening listening_;
    std::uint16_t port_ = 0;
    ChannelNumber good_ = 0;
    ChannelNumber goodAtServer_ = 0;
};

/// A frame nobody may send, and the status it costs.
struct Offence {
    std::string name;
    raw::Frame frame;
    Status status;
};

std::ostream& operator<<(std::ostream& out, const Offence& offence) {
    return out << offence.name;
}

std::vector<Offence> offencesAnywhere() {
    std::vector<Offence> offences;
    for (unsigned opCode = 8; opCode <= 15; ++opCode)
        offences.push_back({"OpCode" + std::to_string(opCode), {.proto = opCode}, Status::InvalidOpCode});
    for (unsigned opCode = 3; opCode <= 6; ++opCode)
        offences.push_back({"MoreOnOpCode" + std::to_string(opCode),
                            {.proto = opCode | raw::moreBit},
                            Status::InvalidMoreUsage});
    for (unsigned opCode = 0; opCode <= 6; ++opCode)
        offences.push_back({"IdZeroOnOpCode" + std::to_string(opCode),
                            {.proto = opCode, .id = 0},
                            Status::InvalidMessageId});
    return offences;
}

/// As the first frame of a connection.
class HostileFirstFrame : public Hostile, public ::testing::WithParamInterface<Offence> {};

std::vector<Offence> firstOffences() {
    std::vector<Offence> offences = offencesAnywhere();
    for (unsigned opCode : {0U, 1U, 2U, 4U, 5U, 6U})
        offences.push_back(
            {"NoHelloButOpCode" + std::to_string(opCode), {.proto = opCode}, Status::InvalidOpCode});
    offences.push_back(
        {"HelloWithANamelessHeader", {.proto = 3, .headers = ":value\r\n"}, Status::InvalidMessage});
    return offences;
}

INSTANTIATE_TEST_SUITE_P(Offences, HostileFirstFrame, ::testing::ValuesIn(firstOffences()),
                         [](const auto& one) { return one.param.name; });

TEST_P(HostileFirstFrame, CostsTheConnectionAndTheApplicationNeverKnows) {
    raw::Peer peer = connect();
    peer.trySend(GetParam().frame.bytes());
    EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
    EXPECT_EQ(violations(), 1U);
    server_.expectNothingMore();
    expectEcho();
}

/// On an open channel.
class HostileLaterFrame : public Hostile, public ::testing::WithParamInterface<Offence> {};

std::vector<Offence> laterOffences() {
    std::vector<Offence> offences = offencesAnywhere();
    offences.push_back({"SecondHello", raw::helloRequest(3), Status::InvalidOpCode});
    for (const char* const headers : {":value\r\n", "no colon\r\n", "a:1\r\n:2\r\n"})
        offences.push_back({"Headers" + std::to_string(offences.size()),
                            {.proto = 0, .headers = headers, .body = "body"},
                            Status::InvalidMessage});
    return offences;
}

INSTANTIATE_TEST_SUITE_P(Offences, HostileLaterFrame, ::testing::ValuesIn(laterOffences()),
                         [](const auto& one) { return one.param.name; });

TEST_P(HostileLaterFrame, CostsTheChannelWithTheReason) {
    ChannelNumber channel = 0;
    raw::Peer peer = connectAndSayHello(channel);
    // What came before the offence is delivered, what follows it is not.
    Bytes bytes = raw::Frame{.proto = 2, .id = 4, .body = "before"}.bytes();
    appendTo(bytes, GetParam().frame.bytes());
    appendTo(bytes, raw::Frame{.proto = 2, .id = 5, .body = "after"}.bytes());
    peer.trySend(bytes);
    EXPECT_EQ(server_.next(OpCode::Signal)->body.view(), "before");
    const MessagePtr closed = server_.nextClosed(channel);
    EXPECT_THAT(reasonOf(*closed), ::testing::HasSubstr(std::string(nameOf(GetParam().status))));
    EXPECT_THAT(peerOf(*closed), ::testing::StartsWith("tcp|127.0.0.1|"));
    EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
    EXPECT_EQ(violations(), 1U);
    server_.expectNothingMore();
}

TEST_F(Hostile, WhatIsQueuedForAnOffenderComesBack) {
    ChannelNumber channel = 0;
    raw::Peer peer = connectAndSayHello(channel);
    // More than the kernel takes while the peer does not read.
    MessagePtr message;
    std::size_t posted = 0;
    for (;; ++posted) {
        message = server_.make(OpCode::Signal, channel);
        message->body.prepare(60'000);
        message->body.commit(60'000);
        if (server_.tryPost(message) != Status::Success) break;
    }
    ASSERT_GT(posted, 0U);
    peer.send(raw::Frame{.proto = 15}.bytes());
    const std::vector<MessagePtr> back = server_.collectUntilClosed(channel);
    EXPECT_GT(back.size(), 1U);
    for (std::size_t i = 0; i + 1 < back.size(); ++i)
        EXPECT_EQ(statusOf(*back[i]), Status::InvalidOpCode);
    const GroupStats stats = server_.group.stats();
    EXPECT_EQ(stats.returned[Status::InvalidOpCode], back.size() - 1);
}

TEST_F(Hostile, ATruncatedFrameIsNamedInTheReason) {
    const Bytes frame = raw::Frame{.proto = 0, .headers = "a:1\r\n", .body = "body"}.bytes();
    for (std::size_t size = 1; size < frame.size(); ++size) {
        ChannelNumber channel = 0;
        raw::Peer peer = connectAndSayHello(channel);
        peer.send(std::span(frame).first(size));
        peer.close();
        const MessagePtr closed = server_.nextClosed(channel);
        EXPECT_THAT(reasonOf(*closed), ::testing::HasSubstr("in the middle of a frame")) << size << " bytes";
        EXPECT_THAT(reasonOf(*closed), ::testing::HasSubstr("PeerDisconnected"));
    }
}

TEST_F(Hostile, ATruncatedHelloIsNoMessage) {
    const Bytes hello = raw::helloRequest().bytes();
    for (std::size_t size = 0; size < hello.size(); ++size) {
        raw::Peer peer = connect();
        peer.send(std::span(hello).first(size));
        peer.shutdownSend();
        EXPECT_NE(peer.waitForEnd(), raw::End::NotYet) << size << " bytes";
    }
    server_.expectNothingMore();
    EXPECT_EQ(violations(), 0U) << "that is bad luck, not an offence";
}

TEST_F(Hostile, AResetAtEveryStage) {
    for (int stage = 0; stage <= 5; ++stage) {
        raw::Peer peer = connect();
        const Bytes hello = raw::helloRequest().bytes();
        if (stage == 1) peer.send(std::span(hello).first(10));
        ChannelNumber channel = 0;
        if (stage >= 2) {
            peer.send(hello);
            MessagePtr request = server_.next(OpCode::HelloRequest);
            channel = request->header.channelNumber;
            request->header.opCode = OpCode::HelloResponse;
            if (stage >= 3) server_.post(std::move(request));
        }
        if (stage == 4) peer.send(raw::Frame{.proto = 0, .body = "body"}.bytes());
        if (stage == 5) {
            server_.post(OpCode::ByeRequest, channel);
            peer.receive(hello.size() + 16);
        }
        // The answer is read first, so that the reset does not overtake the Request.
        if (stage == 4) server_.next(OpCode::Request);
        peer.reset();
        if (stage >= 2) server_.collectUntilClosed(channel);
        expectEcho();
    }
}

TEST_F(Hostile, GarbageIsBoundedAndHarmless) {
    std::minstd_rand random(11);
    for (int round = 0; round < 200; ++round) {
        raw::Peer peer = connect();
        const bool saysHello = round % 2 == 0;
        ChannelNumber channel = 0;
        if (saysHello) {
            peer.send(raw::helloRequest().bytes());
            channel = server_.next(OpCode::HelloRequest)->header.channelNumber;
        }
        Bytes garbage(random() % 5000);
        for (std::byte& one : garbage)
            one = static_cast<std::byte>(random());
        peer.trySend(garbage);
        peer.shutdownSend();
        EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
        // Garbage may happen to be a frame; whatever comes ends with ChannelClosed, or is never known.
        if (saysHello) server_.collectUntilClosed(channel);
    }
    while (MessagePtr message = server_.channels.tryReceive())
        message.reset();
}

TEST_F(Hostile, AThousandLengthsThatNeverCome) {
    // Announces 128 KiB and sends nothing: costs a bounded buffer each, and no time.
    std::vector<raw::Peer> peers;
    for (int i = 0; i < 100; ++i) {
        ChannelNumber channel = 0;
        peers.push_back(connectAndSayHello(channel));
        peers.back().send(raw::Frame{.proto = 0, .headersLength = 65'535, .bodyLength = 65'535}.bytes());
    }
    expectEcho();
    for (raw::Peer& peer : peers)
        peer.close();
    for (std::size_t closed = 0; closed < peers.size(); ++closed)
        server_.waitFor(OpCode::Signal, Status::ChannelClosed);
}

TEST_F(Hostile, FramesBehindAByeAreIgnored) {
    ChannelNumber channel = 0;
    raw::Peer peer = connectAndSayHello(channel);
    Bytes bytes = raw::Frame{.proto = 6, .id = 5}.bytes();
    appendTo(bytes, raw::Frame{.proto = 15, .id = 6}.bytes());
    peer.send(bytes);
    server_.next(OpCode::ByeResponse);
    const MessagePtr closed = server_.nextClosed(channel);
    EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
    EXPECT_EQ(violations(), 0U);
}

class HostileSilence : public Hostile {
protected:
    HostileSilence() : Hostile(Options{.helloTimeout = 50ms}) {}
};

TEST_F(HostileSilence, SilenceAfterAcceptEndsAtTheHelloTimeout) {
    std::vector<raw::Peer> peers;
    for (int i = 0; i < 5; ++i)
        peers.push_back(connect());
    const Bytes hello = raw::helloRequest().bytes();
    peers[1].send(std::span(hello).first(1));
    peers[2].send(std::span(hello).first(hello.size() - 1));
    for (raw::Peer& peer : peers)
        EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
    EXPECT_EQ(reactor_.stats().helloTimeouts, 5U);
    server_.expectNothingMore();
    expectEcho();
}

TEST_F(HostileSilence, ADripOfBytesDoesNotExtendIt) {
    raw::Peer peer = connect();
    const Bytes hello = raw::Frame{.proto = 3, .headers = std::string(60'000, 'x')}.bytes();
    // Until the connection is gone; a server that waited on would let it end with a Hello.
    std::size_t sent = 0;
    while (sent < hello.size() && peer.trySend(std::span(hello).subspan(sent, 1))) {
        ++sent;
        server_.channels.waitReceive(1ms);
    }
    EXPECT_LT(sent, hello.size());
    EXPECT_EQ(reactor_.stats().helloTimeouts, 1U);
}

TEST_F(HostileSilence, AChannelThatSaidHelloMayBeSilent) {
    ChannelNumber channel = 0;
    raw::Peer peer = connectAndSayHello(channel);
    raw::Peer silent = connect();
    EXPECT_NE(silent.waitForEnd(), raw::End::NotYet);
    peer.send(raw::Frame{.proto = 0, .body = "late"}.bytes());
    EXPECT_EQ(server_.next(OpCode::Request)->body.view(), "late");
    peer.close();
    server_.nextClosed(channel);
}

}  // namespace
}  // namespace tempeh::test
