#include "unit/transport/network_fixture.hpp"
#include "unit/transport/raw_socket.hpp"

#include <boost/system/errc.hpp>

#include <array>
#include <cstring>
#include <fcntl.h>
#include <thread>
#include <vector>

namespace tempeh::transport {
namespace {

class SocketStreamTest : public NetworkTest {
protected:
    void expectEcho(const Address& address) {
        const Pair pair = connectPair(address);
        ASSERT_TRUE(pair.client && pair.server);
        EXPECT_FALSE(writeAll(*pair.client, "there"));
        EXPECT_EQ(readText(*pair.server, 5), "there");
        EXPECT_FALSE(writeAll(*pair.server, "and back"));
        EXPECT_EQ(readText(*pair.client, 8), "and back");
        EXPECT_EQ(pair.client->info().peerAddress, pair.server->info().localAddress);
    }
    /// Writes until the kernel takes no more.
    static std::size_t fill(Stream& stream) {
        const std::vector<std::byte> block(64 * 1024);
        const std::span<const std::byte> bytes = block;
        std::size_t written = 0;
        error_code ec;
        while (!ec)
            written += stream.writeSome({&bytes, 1}, ec);
        EXPECT_EQ(ec, asio::error::would_block);
        return written;
    }
};

TEST_F(SocketStreamTest, EchoesOverIpv4) {
    expectEcho(TcpServerAddress("127.0.0.1", 0));
}

TEST_F(SocketStreamTest, EchoesOverIpv6) {
    if (!hasIpv6()) GTEST_SKIP() << "no IPv6 here";
    expectEcho(TcpServerAddress("::1", 0));
}

TEST_F(SocketStreamTest, EchoesOverUnixPath) {
    expectEcho(UdsServerAddress(temporaryUdsPath()));
}

TEST_F(SocketStreamTest, EchoesOverAbstractName) {
    const std::string path = temporaryUdsPath();
    expectEcho(UdsServerAddress("@" + path.substr(path.rfind('/') + 1)));
}

TEST_F(SocketStreamTest, EchoesMoreThanTheKernelHolds) {
    const Pair pair = connectPair(TcpServerAddress("127.0.0.1", 0));
    const std::size_t size = fill(*pair.client);
    const AttemptPtr writable = startWaitWritable(*pair.client);
    runReady();
    EXPECT_FALSE(writable->isDone);
    EXPECT_EQ(readText(*pair.server, size), std::string(size, '\0'));
    finish(writable);
    EXPECT_FALSE(writable->ec);
}

TEST_F(SocketStreamTest, SaysWouldBlockWhenNothingIsThere) {
    const Pair pair = connectPair(TcpServerAddress("127.0.0.1", 0));
    std::array<std::byte, 8> buffer{};
    error_code ec;
    EXPECT_EQ(pair.server->readSome(buffer, ec), 0u);
    EXPECT_EQ(ec, asio::error::would_block);
}

TEST_F(SocketStreamTest, WaitsUntilReadable) {
    const Pair pair = connectPair(UdsServerAddress());
    const AttemptPtr readable = startWaitReadable(*pair.server);
    runReady();
    EXPECT_FALSE(readable->isDone);
    EXPECT_FALSE(writeAll(*pair.client, "x"));
    finish(readable);
    EXPECT_FALSE(readable->ec);
    EXPECT_EQ(readText(*pair.server, 1), "x");
}

TEST_F(SocketStreamTest, ReceivesWhatIsThereAndWhatComesAndTheEnd) {
    const Pair pair = connectPair(TcpServerAddress("127.0.0.1", 0));
    std::array<std::byte, 8> buffer{};
    EXPECT_FALSE(writeAll(*pair.client, "early"));
    AttemptPtr receiving = startReceive(*pair.server, buffer);
    finish(receiving);
    EXPECT_FALSE(receiving->ec);
    EXPECT_EQ(receiving->size, 5u);

    receiving = startReceive(*pair.server, buffer);
    runReady();
    EXPECT_FALSE(receiving->isDone);
    EXPECT_FALSE(writeAll(*pair.client, "late"));
    pair.client->shutdownSend();
    finish(receiving);
    EXPECT_FALSE(receiving->ec);
    EXPECT_EQ(receiving->size, 4u);
    EXPECT_EQ(std::memcmp(buffer.data(), "late", 4), 0);

    receiving = startReceive(*pair.server, buffer);  // the end came with the last bytes
    finish(receiving);
    EXPECT_EQ(receiving->ec, asio::error::eof);
    EXPECT_EQ(receiving->size, 0u);
}

TEST_F(SocketStreamTest, CloseEndsAPendingReceiveThroughTheExecutor) {
    const Pair pair = connectPair(UdsServerAddress());
    std::array<std::byte, 8> buffer{};
    const AttemptPtr receiving = startReceive(*pair.server, buffer);
    runReady();
    pair.server->close();
    EXPECT_FALSE(receiving->isDone);
    finish(receiving);
    EXPECT_EQ(receiving->ec, asio::error::operation_aborted);
}

TEST_F(SocketStreamTest, GathersSpansInOrder) {
    const Pair pair = connectPair(UdsServerAddress());
    const std::array<std::span<const std::byte>, 4> spans{bytesOf("ab"), bytesOf(""), bytesOf("c"),
                                                          bytesOf("def")};
    error_code ec;
    EXPECT_EQ(pair.client->writeSome(spans, ec), 6u);
    EXPECT_FALSE(ec);
    EXPECT_EQ(readText(*pair.server, 6), "abcdef");
}

TEST_F(SocketStreamTest, SendsAtMost64SpansAtOnce) {
    const Pair pair = connectPair(UdsServerAddress());
    const std::vector<std::span<const std::byte>> spans(100, bytesOf("x"));
    error_code ec;
    EXPECT_EQ(pair.client->writeSome(spans, ec), 64u);
    EXPECT_FALSE(ec);
}

TEST_F(SocketStreamTest, DeliversWhatWasWrittenBeforeTheEndOfStream) {
    const Pair pair = connectPair(TcpServerAddress("127.0.0.1", 0));
    EXPECT_FALSE(writeAll(*pair.client, "last words"));
    pair.client->shutdownSend();
    error_code ec;
    EXPECT_EQ(readText(*pair.server, 100, ec), "last words");
    EXPECT_EQ(ec, asio::error::eof);
    EXPECT_FALSE(writeAll(*pair.server, "heard"));  // the other direction is still open
    EXPECT_EQ(readText(*pair.client, 5), "heard");
}

TEST_F(SocketStreamTest, ReportsAReset) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    RawSocket client = RawSocket::make(AF_INET);
    ASSERT_EQ(transport::connectTo(client, loopback(portOf(*listener))), 0);
    const AttemptPtr accepting = startAccept(*listener);
    finish(accepting);
    const linger abort{1, 0};
    ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort), 0);
    client.reset();
    error_code ec;
    readText(*accepting->stream, 1, ec);
    EXPECT_EQ(ec, asio::error::connection_reset);
}

TEST_F(SocketStreamTest, WritingToAClosedPeerIsAnErrorNotASignal) {
    const Pair pair = connectPair(UdsServerAddress());
    pair.server->close();
    EXPECT_EQ(writeAll(*pair.client, "anyone?"), boost::system::errc::broken_pipe);
    const std::array<std::span<const std::byte>, 2> spans{bytesOf("any"), bytesOf("one?")};
    error_code ec;
    EXPECT_EQ(pair.client->writeSome(spans, ec), 0u);
    EXPECT_EQ(ec, boost::system::errc::broken_pipe);
}

TEST_F(SocketStreamTest, KnowsWhetherThePeersKernelHasAllThatWasWritten) {
    const Pair pair = connectPair(TcpServerAddress("127.0.0.1", 0));
    EXPECT_FALSE(pair.client->hasUnsent());
    const std::size_t size = fill(*pair.client);
    EXPECT_TRUE(pair.client->hasUnsent());
    readText(*pair.server, size);
    while (pair.client->hasUnsent())
        std::this_thread::yield();  // the last acknowledgement
    pair.client->close();
    EXPECT_FALSE(pair.client->hasUnsent());
}

TEST_F(SocketStreamTest, HasNothingUnsentOverUnixSockets) {
    const Pair pair = connectPair(UdsServerAddress());
    fill(*pair.client);
    EXPECT_FALSE(pair.client->hasUnsent());
}

TEST_F(SocketStreamTest, CloseEndsPendingWaitsThroughTheExecutor) {
    const Pair pair = connectPair(UdsServerAddress());
    fill(*pair.client);
    const AttemptPtr readable = startWaitReadable(*pair.client);
    const AttemptPtr writable = startWaitWritable(*pair.client);
    runReady();
    pair.client->close();
    EXPECT_FALSE(readable->isDone || writable->isDone);
    finish(readable);
    finish(writable);
    EXPECT_EQ(readable->ec, asio::error::operation_aborted);
    EXPECT_EQ(writable->ec, asio::error::operation_aborted);
    pair.client->close();  // again
}

TEST_F(SocketStreamTest, AClosedStreamNeitherReadsNorWritesNorWaits) {
    const Pair pair = connectPair(UdsServerAddress());
    pair.client->close();
    std::array<std::byte, 8> buffer{};
    error_code ec;
    EXPECT_EQ(pair.client->readSome(buffer, ec), 0u);
    EXPECT_EQ(ec, asio::error::operation_aborted);
    EXPECT_EQ(writeAll(*pair.client, "x"), asio::error::operation_aborted);
    pair.client->shutdownSend();
    const AttemptPtr readable = startWaitReadable(*pair.client);
    finish(readable);
    EXPECT_TRUE(readable->ec);
}

TEST_F(SocketStreamTest, KnowsBothAddressesOverTcp) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    const Pair pair = connectPair(*listener, clientAddressOf(*listener));
    EXPECT_EQ(pair.client->info().transport, Transport::Tcp);
    EXPECT_EQ(pair.client->info().peerAddress, "tcp|127.0.0.1|" + std::to_string(portOf(*listener)));
    EXPECT_EQ(pair.client->info().localAddress, pair.server->info().peerAddress);
    EXPECT_FALSE(pair.client->info().peerCredentials);
}

TEST_F(SocketStreamTest, WritesIpv6AddressesWithoutBrackets) {
    if (!hasIpv6()) GTEST_SKIP() << "no IPv6 here";
    const Pair pair = connectPair(TcpServerAddress("::1", 0));
    EXPECT_TRUE(pair.client->info().peerAddress.starts_with("tcp|::1|"));
    EXPECT_TRUE(pair.server->info().peerAddress.starts_with("tcp|::1|"));
}

TEST_F(SocketStreamTest, NamesAnIpv4PeerOfADualStackListenerAsIpv4) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("", 0));
    const Pair pair = connectPair(*listener, TcpClientAddress("127.0.0.1", portOf(*listener)));
    EXPECT_TRUE(pair.server->info().peerAddress.starts_with("tcp|127.0.0.1|"));
    EXPECT_EQ(pair.server->info().localAddress, "tcp|127.0.0.1|" + std::to_string(portOf(*listener)));
}

TEST_F(SocketStreamTest, KnowsAddressesAndCredentialsOverUnixSockets) {
    const std::string path = temporaryUdsPath();
    const Pair pair = connectPair(UdsServerAddress(path));
    EXPECT_EQ(pair.client->info().transport, Transport::Uds);
    EXPECT_EQ(pair.client->info().peerAddress, "uds|" + path);
    EXPECT_EQ(pair.client->info().localAddress, "uds|");
    EXPECT_EQ(pair.server->info().localAddress, "uds|" + path);
    EXPECT_EQ(pair.server->info().peerAddress, "uds|");
    for (const Stream* const stream : {pair.client.get(), pair.server.get()}) {
        ASSERT_TRUE(stream->info().peerCredentials);
        EXPECT_EQ(stream->info().peerCredentials->uid, ::getuid());
        EXPECT_EQ(stream->info().peerCredentials->gid, ::getgid());
#if defined(__linux__)
        EXPECT_EQ(stream->info().peerCredentials->pid, ::getpid());
#endif
    }
}

}  // namespace
}  // namespace tempeh::transport
