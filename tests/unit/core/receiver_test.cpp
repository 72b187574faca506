#include "core/channel/receiver.hpp"

#include "support/hex.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace tempeh::core {
namespace {

using machines::ChannelMachine;
using machines::FrameAction;
using machines::Side;
using Stop = Receiver::Stop;

test::Bytes receivedFrame(MessageId id, OpCode opCode, const std::string& body = {},
                          const std::string& header = {}) {
    const MessagePtr message(new Message);
    message->header.opCode = opCode;
    message->header.messageId = id;
    if (!header.empty()) message->textHeaders.append("name", header);
    message->body.append(body);
    test::Bytes bytes(wire::frameSize(*message));
    wire::encodeFrame(*message, bytes.data());
    return bytes;
}

/// A channel without an engine: a pool of so many messages, an application that may do anything.
struct Receiving {
    std::size_t pool = 1000;
    std::size_t limit = 128;
    bool isAlive = true;
    bool isStopped = false;
    std::vector<MessageId> got;
    std::vector<std::size_t> batches;
    std::size_t bytes = 0;
    bool hasLast = false;
    std::vector<FrameAction> rare;
    std::function<void()> onBatch = [] {};
};

struct TestSink {
    Receiving& channel;
    bool isLive() const { return channel.isAlive; }
    bool isUnwanted() const { return channel.isStopped; }
    MessagePtr take(bool mustFit) const {
        if (channel.pool == 0 && !mustFit) return nullptr;
        if (!mustFit) --channel.pool;
        return MessagePtr(new Message);
    }
    std::size_t batchLimit() const { return channel.limit; }
    ChannelNumber number() const { return 7; }
    void onFrame(Message& message, FrameAction action) const {
        message.header.channelNumber = 7;
        channel.rare.push_back(action);
    }
    void deliver(MessageQueue& batch, std::size_t bytes, bool isLast) const {
        channel.batches.push_back(batch.size());
        channel.bytes += bytes;
        channel.hasLast = isLast;
        while (const MessagePtr message = batch.popFront()) {
            EXPECT_EQ(message->header.channelNumber, 7U);
            channel.got.push_back(message->header.messageId);
        }
        channel.onBatch();
    }
};

class ReceiverTest : public ::testing::Test {
protected:
    ReceiverTest() {
        machine_.onFrame(BinaryHeader{.opCode = OpCode::HelloRequest, .messageId = 1});
        machine_.onDelivered();
    }
    Receiver::Outcome consume(const test::Bytes& input) {
        return receiver_.consume(input, machine_, TestSink{channel_});
    }
    void add(test::Bytes& stream, const test::Bytes& frame) {
        stream.insert(stream.end(), frame.begin(), frame.end());
        whole_ += frame.size();
    }
    static std::vector<MessageId> ids(MessageId first, MessageId last) {
        std::vector<MessageId> all;
        for (MessageId id = first; id <= last; ++id)
            all.push_back(id);
        return all;
    }

    KeptInput::Total kept_{0};
    Receiver receiver_{kept_};
    ChannelMachine machine_{Side::Server};
    Receiving channel_;
    std::size_t whole_ = 0;
};

TEST_F(ReceiverTest, GivesTheSameMessagesWhereverTheBytesAreSplit) {
    test::Bytes stream;
    add(stream, receivedFrame(2, OpCode::Signal, "small"));
    add(stream, receivedFrame(3, OpCode::Request, "with headers", "value"));
    add(stream, receivedFrame(4, OpCode::Signal));
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        const auto at = stream.begin() + static_cast<std::ptrdiff_t>(cut);
        channel_ = Receiving();
        EXPECT_EQ(consume(test::Bytes(stream.begin(), at)).stop, Stop::Drained);
        EXPECT_EQ(consume(test::Bytes(at, stream.end())).stop, Stop::Drained);
        EXPECT_EQ(channel_.got, ids(2, 4)) << cut;
        EXPECT_EQ(channel_.bytes, whole_) << cut;
    }
}

TEST_F(ReceiverTest, HandsOverBatchesOfTheLimit) {
    test::Bytes stream;
    for (MessageId id = 2; id <= 11; ++id)
        add(stream, receivedFrame(id, OpCode::Signal, "x", id % 2 == 0 ? "odd" : ""));
    channel_.limit = 4;
    EXPECT_EQ(consume(stream).stop, Stop::Drained);
    EXPECT_EQ(channel_.batches, (std::vector<std::size_t>{4, 4, 2}));
}

TEST_F(ReceiverTest, WithoutAMessageTheRestWaitsAndGoesOnWhereItStopped) {
    test::Bytes stream;
    for (MessageId id = 2; id <= 9; ++id)
        add(stream, receivedFrame(id, OpCode::Signal, "body"));
    channel_.pool = 3;
    Receiver::Outcome outcome = consume(stream);
    ASSERT_EQ(outcome.stop, Stop::Blocked);
    EXPECT_EQ(channel_.got, ids(2, 4));
    receiver_.keep(outcome.rest);
    EXPECT_GT(kept_.load(), 0U);
    while (outcome.stop == Stop::Blocked) {
        channel_.pool = 2;
        receiver_.resume([&](std::span<const std::byte> kept) {
            outcome = receiver_.consume(kept, machine_, TestSink{channel_});
            if (outcome.stop == Stop::Blocked) receiver_.keep(outcome.rest);
            receiver_.dropKept();  // not while it is being decoded
            EXPECT_GT(kept_.load(), 0U);
        });
    }
    EXPECT_EQ(outcome.stop, Stop::Drained);
    EXPECT_EQ(channel_.got, ids(2, 9));
    receiver_.dropKept();
    EXPECT_EQ(kept_.load(), 0U);
}

TEST_F(ReceiverTest, WhatAPeerCanSendOnlyOnceDoesNotWaitForThePool) {
    channel_.pool = 0;
    EXPECT_EQ(consume(receivedFrame(2, OpCode::ByeRequest)).stop, Stop::Drained);
    EXPECT_EQ(channel_.got, ids(2, 2));
    EXPECT_EQ(channel_.rare, std::vector<FrameAction>{FrameAction::DeliverOweBye});
    EXPECT_FALSE(channel_.hasLast);
}

TEST_F(ReceiverTest, AnApplicationThatStopsTheChannelGetsNoMoreOfIt) {
    test::Bytes stream;
    for (MessageId id = 2; id <= 9; ++id)
        add(stream, receivedFrame(id, OpCode::Signal, "body"));
    channel_.limit = 2;
    channel_.onBatch = [this] { channel_.isStopped = true; };
    const Receiver::Outcome outcome = consume(stream);
    EXPECT_EQ(outcome.stop, Stop::Blocked);
    EXPECT_EQ(channel_.got, ids(2, 3));
    EXPECT_EQ(outcome.rest.size(), stream.size() / 8 * 6);
}

TEST_F(ReceiverTest, NothingIsTakenOnceTheChannelHasEnded) {
    test::Bytes stream;
    for (MessageId id = 2; id <= 9; ++id)
        add(stream, receivedFrame(id, OpCode::Signal, "body"));
    channel_.limit = 2;
    channel_.onBatch = [this] { channel_.isAlive = false; };
    EXPECT_EQ(consume(stream).stop, Stop::Over);
    EXPECT_EQ(channel_.got, ids(2, 3));
}

TEST_F(ReceiverTest, TellsWhyItGoesNoFurther) {
    const auto after = [](const test::Bytes& last) {
        KeptInput::Total kept{0};
        Receiver receiver(kept);
        ChannelMachine machine(Side::Server);
        Receiving channel;
        test::Bytes stream = receivedFrame(1, OpCode::HelloRequest);
        const test::Bytes next = receivedFrame(2, OpCode::Signal);
        stream.insert(stream.end(), next.begin(), next.end());
        stream.insert(stream.end(), last.begin(), last.end());
        const Receiver::Outcome outcome = receiver.consume(stream, machine, TestSink{channel});
        EXPECT_EQ(channel.got, ids(1, 2)) << "what came before is handed over";
        return outcome;
    };
    EXPECT_EQ(after(receivedFrame(0, OpCode::Signal)).stop, Stop::Violation);
    EXPECT_EQ(after(receivedFrame(0, OpCode::Signal)).status, Status::InvalidMessageId);
    EXPECT_EQ(after(receivedFrame(3, OpCode::ByeSignal)).stop, Stop::PeerCloses);
    test::Bytes malformed = receivedFrame(3, OpCode::Signal, {}, "value");
    std::replace(malformed.begin(), malformed.end(), std::byte{':'}, std::byte{'x'});
    EXPECT_EQ(after(malformed).stop, Stop::Malformed);
}

TEST_F(ReceiverTest, SaysWhichBatchIsTheLast) {
    EXPECT_EQ(consume(receivedFrame(2, OpCode::ByeResponse)).stop, Stop::Drained);
    EXPECT_TRUE(channel_.hasLast);
    EXPECT_EQ(consume(receivedFrame(3, OpCode::Signal)).stop, Stop::Over) << "nothing counts after it";
    EXPECT_EQ(channel_.got, ids(2, 2));
}

TEST_F(ReceiverTest, AMessageThatWaitsForItsFrameIsNewsOnce) {
    const test::Bytes whole = receivedFrame(2, OpCode::Signal, "a body that is cut");
    const auto cut = whole.begin() + 20;
    consume(test::Bytes(whole.begin(), cut));
    EXPECT_TRUE(receiver_.decoder().holdsMessage());
    EXPECT_TRUE(receiver_.noteFrameHeld());
    EXPECT_FALSE(receiver_.noteFrameHeld());
    consume(test::Bytes(cut, whole.end()));
    EXPECT_TRUE(receiver_.noteFrameLetGo());
    EXPECT_FALSE(receiver_.noteFrameLetGo());
}

TEST_F(ReceiverTest, GuessesThatALongBodyIsFollowedByOneAsLong) {
    EXPECT_EQ(receiver_.expectedBody(), 0U);
    consume(receivedFrame(2, OpCode::Signal, std::string(Receiver::directFrom - 1, 'x')));
    EXPECT_EQ(receiver_.expectedBody(), 0U);
    const test::Bytes whole = receivedFrame(3, OpCode::Signal, std::string(10'000, 'x'));
    consume(whole);
    EXPECT_EQ(receiver_.expectedBody(), 10'000U);

    MessagePtr message(new Message);
    const std::span<std::byte> room = message->body.prepare(10'000);
    std::copy_n(whole.begin() + BinaryHeader::wireSize, 9'000, room.begin());
    const std::span<const std::byte> bytes(whole);
    ASSERT_TRUE(receiver_.supplyExpected(bytes.first<BinaryHeader::wireSize>(), message, 10'000, 9'000));
    EXPECT_EQ(receiver_.expectedBody(), 0U) << "one is under way";
    EXPECT_EQ(receiver_.bodyRoom().size(), 0U) << "so little is copied";
    consume(test::Bytes(whole.end() - 1'000, whole.end()));
    EXPECT_EQ(channel_.got.size(), 3U);
}

}  // namespace
}  // namespace tempeh::core
