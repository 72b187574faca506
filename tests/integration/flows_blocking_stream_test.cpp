// Streams for threads: the same calls, which block.

#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::BlockingPeer;
using flows::BlockingStreamReader;
using flows::BlockingStreamWriter;
using flows::Peer;

/// Sends every stream back as it comes.
asio::awaitable<void> echoStreams(Peer peer) {
    for (;;) {
        MessagePtr first = co_await peer.receive();
        if (first->header.opCode != OpCode::Request) continue;
        const MessageId id = first->header.messageId;
        flows::StreamReader reader(peer, std::move(first));
        flows::StreamWriter writer(peer, id);
        while (const MessagePtr part = co_await reader.next())
            co_await writer.write(part->body.view());
        co_await writer.finish(5);
    }
}

std::string manyBytes() {
    std::string bytes(700'000, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(i % 251);
    return bytes;
}

/// Writes from another thread, since nobody reads meanwhile.
TEST(FlowsBlockingStream, AThreadWritesAndAnotherReads) {
    FlowsPair pair(echoStreams);
    const BlockingPeer peer(pair.connect());
    const std::string bytes = manyBytes();
    BlockingStreamWriter writer(peer);
    std::thread writing([&] {
        writer.write(std::string_view(bytes).substr(0, 1000));
        writer.write(std::string_view(bytes).substr(1000));
        writer.finish();
    });
    BlockingStreamReader reader = writer.answerStream(patience);
    EXPECT_TRUE(reader);
    const std::string back = reader.readAll(bytes.size());
    writing.join();
    EXPECT_EQ(back, bytes);
    EXPECT_EQ(writer.bytesWritten(), bytes.size());
}

TEST(FlowsBlockingStream, ReadsPartByPart) {
    FlowsPair pair(echoStreams);
    const BlockingPeer peer(pair.connect());
    BlockingStreamReader reader = requestStream(peer, peer.newMessage(OpCode::Request, "small"), patience);
    std::string text;
    EXPECT_EQ(reader.readTo([&text](std::span<const std::byte> part) {
        text.append(reinterpret_cast<const char*>(part.data()), part.size());
    }),
              5U);
    EXPECT_EQ(text, "small");
    EXPECT_EQ(reader.next(), nullptr);
}

TEST(FlowsBlockingStream, EndsWithItsChannel) {
    FlowsPair pair(echoStreams);
    const BlockingPeer peer(pair.connect());
    BlockingStreamWriter writer(peer);
    writer.write(std::string(100'000, 'x'));
    peer.abort();
    Status status = Status::Success;
    try {
        for (;;)
            writer.write(std::string(100'000, 'x'));
    } catch (const Error& error) {
        status = error.status();
    }
    EXPECT_EQ(status, Status::ChannelClosed);
    EXPECT_THROW(writer.answer(patience), Error);
}

TEST(FlowsBlockingStream, ReturnsNothingAtTheTimeout) {
    FlowsPair pair([](Peer peer) -> asio::awaitable<void> {
        for (;;)
            co_await peer.receive();
    });
    const BlockingPeer peer(pair.connect());
    EXPECT_FALSE(requestStream(peer, peer.newMessage(), 1ms));
}

asio::awaitable<void> expectNotAllowed(BlockingPeer peer) {
    Status status = Status::Success;
    try {
        BlockingStreamWriter(peer).finish();
    } catch (const Error& error) {
        status = error.status();
    }
    EXPECT_EQ(status, Status::NotAllowed);
    co_return;
}

TEST(FlowsBlockingStream, DoesNotBlockTheEnginesOwnThread) {
    FlowsPair pair(echoStreams);
    const BlockingPeer peer(pair.connect());
    pair.onClient(expectNotAllowed(peer));
}

}  // namespace
}  // namespace tempeh::test
