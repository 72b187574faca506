// A client of bytes and system calls against a server of ours: every vector both ways, exactly.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"
#include "support/vectors.hpp"

#include <tempeh/tempeh.hpp>

#include <gtest/gtest.h>

#include <variant>

namespace tempeh::test {
namespace {

/// Whether the client sends every byte alone or all at once.
enum class ClientPace { Bytes, AtOnce };

class RawClient : public ::testing::TestWithParam<ClientPace> {
protected:
    RawClient() {
        const Listening listening = side_->listen(localTcp());
        peer_ = raw::Peer::connectTo(std::get<TcpServerAddress>(listening.bound).port);
    }
    void send(const Bytes& bytes) {
        if (GetParam() == ClientPace::Bytes)
            peer_.sendByteByByte(bytes);
        else
            peer_.send(bytes);
    }
    static const Vector& vector(std::string_view name) {
        for (const Vector& one : vectors())
            if (one.name == name) return one;
        throw std::runtime_error("no such vector");
    }
    /// The next message is this vector, under our channel number.
    MessagePtr expectNext(const Vector& expected) {
        MessagePtr message = side_->next(expected.header.opCode);
        if (channel_ == 0) channel_ = message->header.channelNumber;
        EXPECT_EQ(message->header.channelNumber, channel_);
        EXPECT_EQ(message->header.origin, Origin::Application);
        const BinaryHeader own = message->header;
        message->header.channelNumber = expected.header.channelNumber;
        EXPECT_TRUE(expected.matches(*message)) << expected.name << "\n" << dump(*message);
        message->header = own;
        return message;
    }
    void sayHello() {
        send(vector("HelloRequest").bytes());
        MessagePtr hello = expectNext(vector("HelloRequest"));
        hello->header.opCode = OpCode::HelloResponse;
        hello->textHeaders.clear();
        side_->post(std::move(hello));
        expectOnWire(vector("HelloResponse"));
    }
    /// The peer reads exactly the vector's bytes, with our channel number in them.
    void expectOnWire(const Vector& expected) {
        const Bytes bytes = raw::withChannel(expected.bytes(), channel_);
        EXPECT_EQ(toHex(peer_.receive(bytes.size())), toHex(bytes)) << expected.name;
    }
    /// Ours, as the vector says, on the open channel.
    void post(const Vector& vector) {
        MessagePtr message = vector.message();
        message->header.channelNumber = channel_;
        side_->post(std::move(message));
    }

    Side side_;
    raw::Peer peer_{raw::Descriptor()};
    ChannelNumber channel_ = 0;
};

INSTANTIATE_TEST_SUITE_P(ClientPace, RawClient, ::testing::Values(ClientPace::Bytes, ClientPace::AtOnce),
                         [](const auto& one) {
                             return one.param == ClientPace::Bytes ? "ByteByByte" : "AtOnce";
                         });

const char* const regularVectors[] = {"Request", "RequestMore", "ResponseLast", "Signal"};

TEST_P(RawClient, HelloIsDeliveredAndAnswered) {
    sayHello();
}

TEST_P(RawClient, EveryVectorArrives) {
    sayHello();
    for (const char* const name : regularVectors) {
        send(vector(name).bytes());
        expectNext(vector(name));
    }
    // A HelloResponse is allowed at any time on an open stream.
    send(vector("HelloResponse").bytes());
    expectNext(vector("HelloResponse"));
}

TEST_P(RawClient, AllVectorsInOneStream) {
    Bytes stream = vector("HelloRequest").bytes();
    for (const char* const name : regularVectors)
        appendTo(stream, vector(name).bytes());
    appendTo(stream, vector("ByeRequest").bytes());
    send(stream);
    expectNext(vector("HelloRequest"));
    for (const char* const name : regularVectors)
        expectNext(vector(name));
    expectNext(vector("ByeRequest")).reset();
    expectOnWire(vector("ByeResponse"));
    EXPECT_EQ(peer_.waitForEnd(), raw::End::Eof);
    side_->nextClosed(channel_);
}

TEST_P(RawClient, EveryVectorGoesOut) {
    sayHello();
    for (const char* const name : regularVectors)
        post(vector(name));
    for (const char* const name : regularVectors)
        expectOnWire(vector(name));
}

TEST_P(RawClient, OurByeIsSentAfterWhatWasPostedAndAnswered) {
    sayHello();
    post(vector("Signal"));
    post(vector("ByeRequest"));
    expectOnWire(vector("Signal"));
    expectOnWire(vector("ByeRequest"));
    // What the peer had under way still arrives.
    send(vector("RequestMore").bytes());
    expectNext(vector("RequestMore"));
    send(vector("ByeResponse").bytes());
    expectNext(vector("ByeResponse"));
    side_->nextClosed(channel_);
    EXPECT_EQ(peer_.waitForEnd(), raw::End::Eof);
    side_->expectNothingMore();
}

TEST_P(RawClient, TheApplicationMayAnswerAByeItself) {
    sayHello();
    send(vector("ByeRequest").bytes());
    MessagePtr bye = expectNext(vector("ByeRequest"));
    bye->header.opCode = OpCode::ByeResponse;
    bye->body.append("farewell");
    side_->post(std::move(bye));
    const Bytes expected = raw::Frame{.proto = 6, .id = 99, .channel = channel_, .body = "farewell"}.bytes();
    EXPECT_EQ(toHex(peer_.receiveAll()), toHex(expected));
    EXPECT_EQ(peer_.waitForEnd(), raw::End::Eof);
    side_->nextClosed(channel_);
}

TEST_P(RawClient, ByesThatCrossEndTheChannelOnBothSides) {
    sayHello();
    post(vector("ByeRequest"));
    expectOnWire(vector("ByeRequest"));
    send(raw::Frame{.proto = 5, .id = 7}.bytes());
    EXPECT_EQ(side_->next(OpCode::ByeRequest)->header.messageId, 7U);
    const Bytes expected = raw::Frame{.proto = 6, .id = 7, .channel = channel_}.bytes();
    EXPECT_EQ(toHex(peer_.receiveAll()), toHex(expected));
    side_->nextClosed(channel_);
}

TEST_P(RawClient, TheLargestFrameBothWays) {
    sayHello();
    const std::string value(65'535 - 5, 'v');
    const raw::Frame frame{
        .proto = 0, .id = 5, .headers = "n: " + value + "\r\n", .body = std::string(65'535, 'b')};
    if (GetParam() == ClientPace::Bytes) return;  // 128 KiB byte by byte says nothing new
    send(raw::Frame{.proto = 0, .id = 4, .headers = "n:" + value + "\r\n", .body = frame.body}.bytes());
    MessagePtr message = side_->next(OpCode::Request);
    EXPECT_EQ(message->textHeaders.find("n"), value);
    EXPECT_EQ(message->body.size(), 65'535U);
    const Bytes expected =
        raw::Frame{.id = 4, .channel = channel_, .headers = "n:" + value + "\r\n", .body = frame.body}
            .bytes();
    side_->post(std::move(message));
    EXPECT_EQ(peer_.receive(expected.size()), expected);
}

// The last CRLF may be missing when read, empty lines are skipped, values are trimmed; written it never
// misses.
TEST_P(RawClient, LooseTextHeadersAreRead) {
    sayHello();
    send(raw::Frame{.proto = 0, .id = 5, .headers = "a: \t1 \t\r\n\r\nb:two words\r\nc:"}.bytes());
    MessagePtr message = side_->next(OpCode::Request);
    EXPECT_EQ(message->textHeaders.find("a"), "1");
    EXPECT_EQ(message->textHeaders.find("b"), "two words");
    EXPECT_EQ(message->textHeaders.find("c"), "");
    side_->post(std::move(message));
    const Bytes expected =
        raw::Frame{.id = 5, .channel = channel_, .headers = "a: \t1 \t\r\n\r\nb:two words\r\nc:\r\n"}.bytes();
    EXPECT_EQ(toHex(peer_.receive(expected.size())), toHex(expected));
}

// Only the engine itself may speak for the engine.
TEST_P(RawClient, ASpoofedOriginArrivesAsTheApplications) {
    sayHello();
    send(raw::Frame{.proto = 2 | raw::originBit, .id = 5, .status = 22}.bytes());
    const MessagePtr message = side_->next(OpCode::Signal);
    EXPECT_TRUE(message->isFromApplication());
    EXPECT_EQ(message->header.status, 22);
    EXPECT_FALSE(isClosedNotice(*message));
    EXPECT_EQ(message->status(), Status::Success);
}

TEST_P(RawClient, InternalBitsAreIgnored) {
    sayHello();
    send(raw::Frame{.proto = 0 | raw::internalBits | raw::moreBit, .id = 5, .body = "part"}.bytes());
    const MessagePtr message = side_->next(OpCode::Request);
    EXPECT_TRUE(message->hasMore());
    EXPECT_EQ(message->body.view(), "part");
}

TEST_P(RawClient, AnyChannelNumberIsReplaced) {
    send(raw::withChannel(vector("HelloRequest").bytes(), 0));
    const MessagePtr hello = side_->next(OpCode::HelloRequest);
    EXPECT_NE(hello->header.channelNumber, 0);
    for (const std::uint16_t number : {std::uint16_t{0}, std::uint16_t{0xffff}}) {
        send(raw::Frame{.proto = 2, .channel = number}.bytes());
        EXPECT_EQ(side_->next(OpCode::Signal)->header.channelNumber, hello->header.channelNumber);
    }
}

// Nothing of the engine's life with a message crosses the wire.
TEST_P(RawClient, AStatusThatCameBackIsSentAsAnApplicationsMessage) {
    sayHello();
    side_->channels.updateReceiver(side_->make(OpCode::Signal, channel_, "again", 8));
    MessagePtr update = side_->next(OpCode::Signal, Status::ReceiverUpdate);
    side_->post(std::move(update));
    const Bytes expected = raw::Frame{.proto = 2, .id = 8, .channel = channel_, .body = "again"}.bytes();
    EXPECT_EQ(toHex(peer_.receive(expected.size())), toHex(expected));
}

}  // namespace
}  // namespace tempeh::test
