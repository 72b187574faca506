#include "transport/socket_calls.hpp"

#include "transport/tcp/tcp_options.hpp"
#include "transport/uds/uds_endpoint.hpp"
#include "unit/transport/raw_socket.hpp"

#include <tempeh/transport/test_addresses.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/tcp.h>

namespace tempeh::transport {
namespace {

class SocketCallsTest : public ::testing::Test {
protected:
    SocketCallsTest() {
        const asio::ip::tcp::endpoint endpoint(asio::ip::address_v4::loopback(), 0);
        openSocket(listener_, endpoint, ec_);
        listener_.bind(endpoint);
        listener_.listen();
        openSocket(client_, endpoint, ec_);
    }
    void connectAndAccept() {
        const StreamEndpoint server = listener_.local_endpoint();
        connectOnce(client_, server, ec_);
        listener_.wait(asio::socket_base::wait_read);
        acceptOnce(listener_, accepted_, peer_, ec_);
        ASSERT_FALSE(ec_) << ec_.message();
    }
    static int intOption(int descriptor, int level, int name) {
        int value = -1;
        socklen_t size = sizeof value;
        EXPECT_EQ(::getsockopt(descriptor, level, name, &value, &size), 0);
        return value;
    }
    static void expectQuiet(int descriptor) {
        EXPECT_TRUE(::fcntl(descriptor, F_GETFL) & O_NONBLOCK);
        EXPECT_TRUE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
    }

    asio::io_context context_;
    StreamAcceptor listener_{context_};
    StreamSocket client_{context_};
    StreamSocket accepted_{context_};
    StreamEndpoint peer_;
    error_code ec_;
};

TEST_F(SocketCallsTest, EveryDescriptorIsNonBlockingAndNotInherited) {
    connectAndAccept();
    expectQuiet(listener_.native_handle());
    expectQuiet(client_.native_handle());
    expectQuiet(accepted_.native_handle());
}

TEST_F(SocketCallsTest, AcceptGivesThePeer) {
    connectAndAccept();
    EXPECT_EQ(peer_, client_.local_endpoint());
}

TEST_F(SocketCallsTest, AcceptWithoutAConnectionWouldBlock) {
    acceptOnce(listener_, accepted_, peer_, ec_);
    EXPECT_EQ(ec_, asio::error::would_block);
    EXPECT_FALSE(accepted_.is_open());
}

TEST_F(SocketCallsTest, SetsTheOptionsAskedFor) {
    const asio::ip::tcp::endpoint faraway(asio::ip::make_address("192.0.2.1"), 1);
    const int unchanged = intOption(client_.native_handle(), SOL_SOCKET, SO_SNDBUF);
    SocketOptions options;
    options.noDelay = false;
    applyTcpOptions(client_, options, faraway);
    EXPECT_EQ(intOption(client_.native_handle(), IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_EQ(intOption(client_.native_handle(), SOL_SOCKET, SO_KEEPALIVE), 0);
    EXPECT_EQ(intOption(client_.native_handle(), SOL_SOCKET, SO_SNDBUF), unchanged);

    options = {.noDelay = true, .keepAlive = true, .sendBufferBytes = 12345, .receiveBufferBytes = 23456};
    applyTcpOptions(client_, options, faraway);
    EXPECT_NE(intOption(client_.native_handle(), IPPROTO_TCP, TCP_NODELAY), 0);
    EXPECT_NE(intOption(client_.native_handle(), SOL_SOCKET, SO_KEEPALIVE), 0);
    EXPECT_EQ(intOption(client_.native_handle(), SOL_SOCKET, SO_SNDBUF), 2 * 12345);  // socket(7): doubled
    EXPECT_EQ(intOption(client_.native_handle(), SOL_SOCKET, SO_RCVBUF), 2 * 23456);

    applyBufferSizes(listener_, options);
    EXPECT_EQ(intOption(listener_.native_handle(), SOL_SOCKET, SO_RCVBUF), 2 * 23456);
}

TEST_F(SocketCallsTest, BoundsTheSendBufferOnLoopbackUnlessASizeWasAskedFor) {
    connectAndAccept();
    applyTcpOptions(client_, {}, listener_.local_endpoint());
    applyTcpOptions(accepted_, {.sendBufferBytes = 12345}, peer_);
    EXPECT_EQ(intOption(client_.native_handle(), SOL_SOCKET, SO_SNDBUF), 2 * 256 * 1024);
    EXPECT_EQ(intOption(accepted_.native_handle(), SOL_SOCKET, SO_SNDBUF), 2 * 12345);
}

TEST_F(SocketCallsTest, ReportsAFamilyThatDoesNotExist) {
    StreamSocket socket(context_);
    StreamEndpoint endpoint(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 1));
    endpoint.data()->sa_family = AF_MAX - 1;
    openSocket(socket, endpoint, ec_);
    EXPECT_TRUE(ec_);
    EXPECT_FALSE(socket.is_open());
}

TEST_F(SocketCallsTest, ReceivingIntoNothingIsNotAnEndOfStream) {
    connectAndAccept();
    EXPECT_EQ(sendOnce(client_.native_handle(), {}, ec_), 0u);
    EXPECT_FALSE(ec_);
    const std::span<const std::byte> byte = std::as_bytes(std::span("x", 1));
    EXPECT_EQ(sendOnce(client_.native_handle(), {&byte, 1}, ec_), 1u);
    accepted_.wait(asio::socket_base::wait_read);
    const std::span<std::byte> nothing;
    EXPECT_EQ(receiveOnce(accepted_.native_handle(), {&nothing, 1}, ec_), 0u);
    EXPECT_FALSE(ec_);
}

}  // namespace
}  // namespace tempeh::transport
