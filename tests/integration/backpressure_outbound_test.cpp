// docs/concepts/backpressure.md, "Outbound".

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"

#include <gmock/gmock.h>

namespace tempeh::test {
namespace {

/// Bodies of this size fill both sides' buffers with a few messages.
constexpr std::size_t bodySize = 60'000;
constexpr std::size_t queueLimit = 16;

/// A client whose peer does not read until the test reads for it.
class OutboundBackpressure : public testing::Test {
protected:
    explicit OutboundBackpressure(Options options = Options{.sendQueueMessages = queueLimit})
        : client_(withSmallBuffer(options))
        , channel_(client_->sayHello(TcpClientAddress{"127.0.0.1", server_.port()}).channelNumber)
        , peer_(server_.accept()) {
        peer_.acceptHello();
        client_->next(OpCode::HelloResponse);
    }

    static Options withSmallBuffer(Options options) {
        options.sendBufferBytes = RawServer::bufferBytes;
        return options;
    }

    MessagePtr makeNext() {
        return client_->make(OpCode::Request, channel_, std::string(bodySize, 'b'), 1000 + posted_);
    }
    /// Posts until the send queue is full. It stays more than half full until the peer reads: the buffers of
    /// both sides together take less than the other half. The message that was refused.
    MessagePtr fill() {
        for (;; ++posted_) {
            MessagePtr message = makeNext();
            const Status status = client_->tryPost(message);
            if (status == Status::Success) continue;
            EXPECT_EQ(status, Status::SendQueueFull);
            return message;
        }
    }
    /// Reads so many requests at the peer.
    void drain(std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i)
            EXPECT_EQ(peer_.readFrame().messageId, 1000 + read_++);
    }

    RawServer server_;
    Side client_;
    ChannelNumber channel_;
    RawPeer peer_;
    std::uint64_t posted_ = 0;
    std::uint64_t read_ = 0;
};

TEST_F(OutboundBackpressure, AFullQueueRefusesAndTheCallerKeepsTheMessage) {
    MessagePtr refused = fill();
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->body.size(), bodySize);
    for (bool isRefused = false; !isRefused; ++posted_) {
        try {
            client_->group.post(std::move(refused));
            refused = makeNext();
        } catch (const Error& error) {
            EXPECT_EQ(error.status(), Status::SendQueueFull);
            EXPECT_NE(refused, nullptr);
            isRefused = true;
        }
    }
    const ChannelInfo info = client_->channels.channelInfo(channel_);
    EXPECT_LE(info.sendQueueMessages, queueLimit);
    EXPECT_GT(info.sendQueueMessages, queueLimit / 2);
    EXPECT_GE(info.sendQueueBytes, info.sendQueueMessages * bodySize);
}

TEST_F(OutboundBackpressure, WaitWritableReturnsWhenThereIsRoomAgain) {
    MessagePtr refused = fill();
    std::future<bool> writable = client_->group.waitWritable(channel_, patience, asio::use_future);
    drain(posted_ - queueLimit / 4);
    EXPECT_TRUE(writable.get());
    EXPECT_TRUE(client_->channels.waitWritable(channel_, patience));
    EXPECT_EQ(client_->tryPost(refused), Status::Success);
    ++posted_;
    drain(posted_ - read_);
}

TEST_F(OutboundBackpressure, WaitWritableOfAThreadReturnsToo) {
    MessagePtr refused = fill();
    std::thread reader([this] { drain(posted_); });
    EXPECT_TRUE(client_->channels.waitWritable(channel_, patience));
    EXPECT_EQ(client_->tryPost(refused), Status::Success);
    reader.join();
}

TEST_F(OutboundBackpressure, WaitWritableTimesOutWithFalse) {
    fill();
    EXPECT_FALSE(client_->channels.waitWritable(channel_, 0s));
    EXPECT_FALSE(client_->channels.waitWritable(channel_, 1ms));
    EXPECT_FALSE(client_->group.waitWritable(channel_, 1ms, asio::use_future).get());
}

TEST_F(OutboundBackpressure, WaitWritableIsTrueAtOnceWhenThereIsRoom) {
    EXPECT_TRUE(client_->channels.waitWritable(channel_, 0s));
    EXPECT_TRUE(client_->group.waitWritable(channel_, 0s, asio::use_future).get());
}

TEST_F(OutboundBackpressure, WaitWritableFailsWithChannelClosedWhenTheChannelEnds) {
    fill();
    auto first = errorOf([&](auto handler) { client_->group.waitWritable(channel_, infinite, handler); });
    auto second = errorOf([&](auto handler) { client_->group.waitWritable(channel_, patience, handler); });
    client_->post(OpCode::ByeSignal, channel_);
    EXPECT_EQ(first.get(), Status::ChannelClosed);
    EXPECT_EQ(second.get(), Status::ChannelClosed);
}

TEST_F(OutboundBackpressure, AByePassesAFullQueueAndKeepsItsPlaceBehindIt) {
    fill();
    const BinaryHeader bye = client_->post(OpCode::ByeRequest, channel_);
    drain(posted_);
    const BinaryHeader last = peer_.readFrame();
    EXPECT_EQ(last.opCode, OpCode::ByeRequest);
    EXPECT_EQ(last.messageId, bye.messageId);
    peer_.write({.channelNumber = 1, .opCode = OpCode::ByeResponse, .messageId = bye.messageId});
    client_->next(OpCode::ByeResponse);
    client_->nextClosed(channel_);
}

TEST_F(OutboundBackpressure, AByeSignalPassesAFullQueue) {
    fill();
    client_->post(OpCode::ByeSignal, channel_);
    const std::vector<MessagePtr> back = client_->collectUntilClosed(channel_);
    EXPECT_EQ(client_->group.stats().sent.messages - 1 + back.size() - 1, posted_);
}

TEST_F(OutboundBackpressure, TheLimitHoldsWhileTheEngineTakesWhatThreadsPost) {
    constexpr std::uint64_t count = 5000;
    std::thread reader([this] { drain(count); });
    while (posted_ < count) {
        MessagePtr message = client_->make(OpCode::Request, channel_, "small", 1000 + posted_);
        posted_ += client_->tryPost(message) == Status::Success ? 1 : 0;
        EXPECT_LE(client_->channels.channelInfo(channel_).sendQueueMessages, queueLimit);
    }
    reader.join();
    ASSERT_TRUE(eventually([&] { return client_->group.stats().sent.messages == 1 + count; }));
    EXPECT_EQ(client_->channels.channelInfo(channel_).sendQueueMessages, 0U);
    EXPECT_EQ(client_->channels.channelInfo(channel_).sendQueueBytes, 0U);
}

TEST_F(OutboundBackpressure, OtherChannelsOfTheGroupGoOn) {
    fill();
    Side server;
    const BinaryHeader hello = client_->sayHello(server->listen(localTcp()).address);
    server->acceptHello();
    client_->next(OpCode::HelloResponse);
    client_->post(OpCode::Request, hello.channelNumber, "not concerned");
    EXPECT_EQ(server->next(OpCode::Request)->body.view(), "not concerned");
}

class OutboundBackpressureBytes : public OutboundBackpressure {
protected:
    static constexpr std::size_t limit = 1'000'000;
    OutboundBackpressureBytes() : OutboundBackpressure(Options{.sendQueueBytes = limit}) {}
};

TEST_F(OutboundBackpressureBytes, AreLimitedToo) {
    MessagePtr refused = fill();
    const ChannelInfo info = client_->channels.channelInfo(channel_);
    EXPECT_LE(info.sendQueueBytes, limit);
    EXPECT_GT(info.sendQueueBytes, limit / 2);
    EXPECT_LT(info.sendQueueMessages, 20U);
    std::thread reader([this] { drain(posted_); });
    EXPECT_TRUE(client_->channels.waitWritable(channel_, patience));
    EXPECT_EQ(client_->tryPost(refused), Status::Success);
    reader.join();
}

TEST(OutboundLimits, OneMessageIsAlwaysTaken) {
    Link link({}, Options{.sendQueueMessages = 1, .sendQueueBytes = 1});
    for (int i = 0; i < 20; ++i) {
        link.client->post(OpCode::Request, link.atClient, std::string(bodySize, 'b'));
        EXPECT_EQ(link.server->next(OpCode::Request)->body.size(), bodySize);
        EXPECT_TRUE(link.client->channels.waitWritable(link.atClient, patience));
    }
}

TEST(OutboundLimits, HoldBeforeTheChannelIsConnected) {
    asio::io_context context;
    Reactor reactor(context, Options{.sendQueueMessages = 8});
    Party party(reactor);
    const ChannelNumber channel = party.sayHello(TcpClientAddress{}).channelNumber;
    int taken = 0;
    while (party.tryPost(party.make(OpCode::Request, channel)) == Status::Success)
        ++taken;
    EXPECT_EQ(taken, 7);  // beside the hello
    EXPECT_EQ(party.tryPost(party.make(OpCode::Request, channel)), Status::SendQueueFull);
}

/// The byte limit holds for what is posted behind a bye, and for what is posted after the end.
TEST(OutboundBytes, BehindAByeAndAfterTheEndTheyCount) {
    constexpr std::size_t limit = 1024 * 1024;
    RawServer server;
    Side client(Options{.sendQueueBytes = limit});
    const ChannelNumber channel =
        client->sayHello(TcpClientAddress{"127.0.0.1", server.port()}).channelNumber;
    RawPeer peer = server.accept();
    peer.acceptHello();
    client->next(OpCode::HelloResponse);
    client->post(OpCode::ByeRequest, channel);
    const auto postedUntilFull = [&] {
        std::size_t bytes = 0;
        for (;; bytes += bodySize) {
            const Status status =
                client->tryPost(client->make(OpCode::Signal, channel, std::string(bodySize, 'x')));
            if (status == Status::Success) continue;
            EXPECT_EQ(status, Status::SendQueueFull);
            return bytes;
        }
    };
    EXPECT_LE(postedUntilFull(), limit);
    error_code ec;
    EXPECT_FALSE(client->channels.waitWritable(channel, 0ms, ec));
    peer.close();
    EXPECT_TRUE(
        eventually([&] { return client->channels.channelInfo(channel).state == ChannelPhase::Closed; }));
    const std::size_t after = postedUntilFull();
    EXPECT_GT(after, 0U);
    EXPECT_LE(after, limit);
    client->collectUntilClosed(channel);
}

}  // namespace
}  // namespace tempeh::test
