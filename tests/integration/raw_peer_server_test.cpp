// A server of bytes and system calls against a client of ours: every vector both ways, exactly.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"
#include "support/vectors.hpp"

#include <tempeh/tempeh.hpp>

#include <gtest/gtest.h>

namespace tempeh::test {
namespace {

/// Whether the server sends every byte alone or all at once.
enum class ServerPace { Bytes, AtOnce };

class RawServerTest : public ::testing::TestWithParam<ServerPace> {
protected:
    RawServerTest() {
        hello_ = side_->sayHello(TcpClientAddress{"127.0.0.1", server_.port()});
        peer_ = server_.accept();
    }
    void send(const Bytes& bytes) {
        if (GetParam() == ServerPace::Bytes)
            peer_.sendByteByByte(bytes);
        else
            peer_.send(bytes);
    }
    std::string addressHeader() const {
        return "~connect_to:tcp|127.0.0.1|" + std::to_string(server_.port()) + "\r\n";
    }
    void expectHelloOnWire() {
        const Bytes expected = raw::Frame{.proto = 3,
                                          .id = hello_.messageId,
                                          .channel = hello_.channelNumber,
                                          .headers = addressHeader()}
                                   .bytes();
        EXPECT_EQ(toHex(peer_.receive(expected.size())), toHex(expected));
    }
    void answerHello() {
        expectHelloOnWire();
        send(raw::Frame{.proto = 4, .id = hello_.messageId, .channel = 0xfffe}.bytes());
        const MessagePtr response = side_->next(OpCode::HelloResponse);
        EXPECT_EQ(response->header.channelNumber, hello_.channelNumber);
        EXPECT_EQ(response->header.messageId, hello_.messageId);
        EXPECT_TRUE(response->isFromApplication());
    }
    /// The vectors that both sides may send on an open channel.
    static std::vector<Vector> regular() {
        std::vector<Vector> found;
        for (const Vector& one : vectors())
            if (isRegular(one.header.opCode)) found.push_back(one);
        return found;
    }
    /// What is left of a failed hello: it comes back with the reason, then the end.
    void expectHelloFailed(Status status) {
        const MessagePtr hello = side_->next(OpCode::HelloResponse, status);
        EXPECT_EQ(hello->header.messageId, hello_.messageId);
        side_->nextClosed(hello_.channelNumber);
        side_->expectNothingMore();
    }

    raw::Server server_;
    Side side_;
    BinaryHeader hello_;
    raw::Peer peer_{raw::Descriptor()};
};

INSTANTIATE_TEST_SUITE_P(ServerPace, RawServerTest, ::testing::Values(ServerPace::Bytes, ServerPace::AtOnce),
                         [](const auto& one) {
                             return one.param == ServerPace::Bytes ? "ByteByByte" : "AtOnce";
                         });

TEST_P(RawServerTest, TheHelloIsExactlyTheVectorsShape) {
    answerHello();
}

TEST_P(RawServerTest, EveryVectorArrives) {
    answerHello();
    for (const Vector& vector : regular()) {
        send(vector.bytes());
        MessagePtr message = side_->next(vector.header.opCode);
        EXPECT_EQ(message->header.channelNumber, hello_.channelNumber);
        message->header.channelNumber = vector.header.channelNumber;
        EXPECT_TRUE(vector.matches(*message)) << vector.name << "\n" << dump(*message);
    }
}

TEST_P(RawServerTest, EveryVectorGoesOutBehindTheHello) {
    // Posted before anything is connected or answered.
    Bytes expected;
    for (const Vector& vector : regular()) {
        MessagePtr message = vector.message();
        message->header.channelNumber = hello_.channelNumber;
        side_->post(std::move(message));
        appendTo(expected, raw::withChannel(vector.bytes(), hello_.channelNumber));
    }
    expectHelloOnWire();
    EXPECT_EQ(toHex(peer_.receive(expected.size())), toHex(expected));
}

TEST_P(RawServerTest, AServerMayTalkWithoutAHelloResponse) {
    for (const unsigned opCode : {0U, 1U, 2U}) {
        send(raw::Frame{.proto = opCode, .id = 9, .body = "first word"}.bytes());
        EXPECT_EQ(side_->next(static_cast<OpCode>(opCode))->body.view(), "first word");
    }
    EXPECT_EQ(side_->channels.channelInfo(hello_.channelNumber).state, ChannelPhase::Ready);
}

TEST_P(RawServerTest, AServerMaySayByeAtOnce) {
    expectHelloOnWire();
    send(raw::Frame{.proto = 5, .id = 12}.bytes());
    side_->next(OpCode::ByeRequest).reset();
    const Bytes expected = raw::Frame{.proto = 6, .id = 12, .channel = hello_.channelNumber}.bytes();
    EXPECT_EQ(toHex(peer_.receiveAll()), toHex(expected));
    side_->nextClosed(hello_.channelNumber);
}

TEST_P(RawServerTest, AByeBehindTheHelloIsAnsweredByTheServer) {
    const BinaryHeader bye = side_->post(OpCode::ByeRequest, hello_.channelNumber);
    expectHelloOnWire();
    const Bytes expected =
        raw::Frame{.proto = 5, .id = bye.messageId, .channel = hello_.channelNumber}.bytes();
    EXPECT_EQ(toHex(peer_.receive(expected.size())), toHex(expected));
    send(raw::Frame{.proto = 6, .id = bye.messageId}.bytes());
    EXPECT_EQ(side_->next(OpCode::ByeResponse)->header.messageId, bye.messageId);
    side_->nextClosed(hello_.channelNumber);
    EXPECT_EQ(peer_.waitForEnd(), raw::End::Eof);
}

TEST_P(RawServerTest, ByeResponseOutOfTheBlueIsAViolation) {
    send(raw::Frame{.proto = 6, .id = 1}.bytes());
    expectHelloFailed(Status::InvalidOpCode);
    EXPECT_NE(peer_.waitForEnd(), raw::End::NotYet);
    EXPECT_EQ(side_.reactor.stats().violations, 1U);
}

TEST_P(RawServerTest, AHelloRequestFromAServerIsAViolation) {
    peer_.trySend(raw::helloRequest().bytes());
    expectHelloFailed(Status::InvalidOpCode);
    EXPECT_NE(peer_.waitForEnd(), raw::End::NotYet);
}

TEST_P(RawServerTest, AServerThatClosesFailsTheHello) {
    expectHelloOnWire();
    peer_.close();
    expectHelloFailed(Status::PeerDisconnected);
}

TEST_P(RawServerTest, AServerThatResetsFailsTheHello) {
    peer_.reset();
    expectHelloFailed(Status::PeerDisconnected);
}

TEST_P(RawServerTest, AServerThatClosesInTheMiddleOfItsAnswerFailsTheHello) {
    expectHelloOnWire();
    Bytes half = raw::Frame{.proto = 4, .id = hello_.messageId}.bytes();
    half.resize(9);
    send(half);
    peer_.close();
    expectHelloFailed(Status::PeerDisconnected);
}

}  // namespace
}  // namespace tempeh::test
