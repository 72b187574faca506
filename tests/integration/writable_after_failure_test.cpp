// A writer that waits for room is told when there never will be any, also while reading waits for the pool:
// the channel ends only once what the peer sent has been read, and who waits to write may be the one who has
// to read.

#include "support/engine_fixture.hpp"
#include "support/raw_server.hpp"

#include <optional>
#include <thread>

namespace tempeh::test {
namespace {

class WritableAfterFailure : public ::testing::Test {
protected:
    WritableAfterFailure() {
        channel_ = client_->sayHello(TcpClientAddress{"127.0.0.1", server_.port()}).channelNumber;
        peer_.emplace(server_.accept());
        peer_->acceptHello();
        client_->next(OpCode::HelloResponse);
        for (MessageId id = 1; id <= 10; ++id)
            peer_->write({.channelNumber = 1, .opCode = OpCode::Signal, .messageId = id});
        EXPECT_TRUE(eventually([&] { return client_->group.channelInfo(channel_).isReadingPaused; }));
        error_code ec;
        while (!ec)
            client_->channels.post(client_->make(OpCode::Request, channel_, std::string(60'000, 'x')), ec);
        EXPECT_EQ(ec, Status::SendQueueFull);
    }

    error_code waitWritable() {
        error_code ec;
        EXPECT_FALSE(client_->channels.waitWritable(channel_, patience, ec));
        return ec;
    }

    RawServer server_;
    Side client_{Options{.initialPoolMessages = 0,
                         .maxPoolMessages = 4,
                         .sendQueueMessages = 16,
                         .sendBufferBytes = RawServer::bufferBytes}};
    ChannelNumber channel_ = 0;
    std::optional<RawPeer> peer_;
};

TEST_F(WritableAfterFailure, TellsWhoWaits) {
    std::thread closing([this] {
        std::this_thread::yield();
        peer_->close();
    });
    EXPECT_EQ(waitWritable(), Status::ChannelClosed);
    closing.join();
}

TEST_F(WritableAfterFailure, TellsWhoAsksLater) {
    peer_->close();
    EXPECT_EQ(waitWritable(), Status::ChannelClosed);
    EXPECT_EQ(waitWritable(), Status::ChannelClosed);
    // What the peer sent comes all the same, then what it did not read, then the end.
    client_->waitFor(OpCode::Signal, Status::ChannelClosed);
}

}  // namespace
}  // namespace tempeh::test
