#include "transport/tcp/tcp_options.hpp"

#include "transport/socket_calls.hpp"
#include "unit/transport/network_fixture.hpp"
#include "unit/transport/raw_socket.hpp"

#include <gmock/gmock.h>

#include <netinet/tcp.h>

namespace tempeh::transport {
namespace {

using namespace std::chrono_literals;
using ::testing::StartsWith;

class TcpOptions : public NetworkTest {
protected:
    static int optionOf(StreamSocket& socket, int level, int option) {
        int value = -1;
        socklen_t size = sizeof value;
        EXPECT_EQ(::getsockopt(socket.native_handle(), level, option, &value, &size), 0);
        return value;
    }
    AttemptPtr connectFrom(const SocketOptions& options, const Address& to) {
        network_ = makeSystemNetwork(context_.get_executor(), options);
        return connectTo(to);
    }
};

#if defined(__linux__)
TEST_F(TcpOptions, KeepAliveAndUserTimeoutAreSetInTheSystemsUnits) {
    const asio::ip::tcp::endpoint peer(asio::ip::make_address("192.0.2.1"), 1);
    StreamSocket socket(context_);
    error_code ec;
    openSocket(socket, peer, ec);
    ASSERT_FALSE(ec);
    applyTcpOptions(socket,
                    {.keepAlive = true,
                     .keepAliveIdle = 1500ms,
                     .keepAliveInterval = 7s,
                     .keepAliveProbes = 4,
                     .userTimeout = 2500ms},
                    peer);
    EXPECT_EQ(optionOf(socket, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(optionOf(socket, IPPROTO_TCP, TCP_KEEPIDLE), 2) << "rounded up to seconds";
    EXPECT_EQ(optionOf(socket, IPPROTO_TCP, TCP_KEEPINTVL), 7);
    EXPECT_EQ(optionOf(socket, IPPROTO_TCP, TCP_KEEPCNT), 4);
    EXPECT_EQ(optionOf(socket, IPPROTO_TCP, TCP_USER_TIMEOUT), 2500);
}

TEST_F(TcpOptions, WithoutThemTheSystemsStay) {
    const asio::ip::tcp::endpoint peer(asio::ip::make_address("192.0.2.1"), 1);
    StreamSocket before(context_);
    StreamSocket socket(context_);
    error_code ec;
    openSocket(before, peer, ec);
    openSocket(socket, peer, ec);
    applyTcpOptions(socket, {.keepAlive = true}, peer);
    for (const int option : {TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_USER_TIMEOUT})
        EXPECT_EQ(optionOf(socket, IPPROTO_TCP, option), optionOf(before, IPPROTO_TCP, option));
}

TEST_F(TcpOptions, AClientConnectsFromTheAddressItIsGiven) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    const Address server = clientAddressOf(*listener);
    const AttemptPtr attempt = connectFrom({.localAddress = "127.0.0.5"}, server);
    ASSERT_TRUE(attempt->stream) << attempt->ec.message();
    EXPECT_THAT(attempt->stream->info().localAddress, StartsWith("tcp|127.0.0.5|"));
    const AttemptPtr other = connectFrom({.localAddress = "::1"}, server);
    EXPECT_EQ(other->ec, asio::error::address_family_not_supported);
    const AttemptPtr foreign = connectFrom({.localAddress = "192.0.2.1"}, server);
    EXPECT_EQ(foreign->ec, boost::system::errc::address_not_available);
}

TEST_F(TcpOptions, AClientConnectsThroughTheInterfaceItIsGiven) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    const Address server = clientAddressOf(*listener);
    const AttemptPtr nowhere = connectFrom({.interfaceName = "no-such-one"}, server);
    EXPECT_EQ(nowhere->ec, boost::system::errc::no_such_device) << nowhere->ec.message();
    const AttemptPtr loopback = connectFrom({.interfaceName = "lo"}, server);
    EXPECT_TRUE(loopback->stream) << loopback->ec.message();
}
#endif

TEST_F(TcpOptions, TwoColonsAreIpv6AloneAndNothingIsBoth) {
    if (!hasIpv6()) GTEST_SKIP() << "no IPv6 here";
    const std::unique_ptr<Listener> six = listenOn(TcpServerAddress("::", 0));
    EXPECT_TRUE(connectTo(TcpClientAddress("::1", portOf(*six)))->stream);
    EXPECT_EQ(connectTo(TcpClientAddress("127.0.0.1", portOf(*six)))->ec, asio::error::connection_refused);
    const std::unique_ptr<Listener> both = listenOn(TcpServerAddress("", 0));
    EXPECT_TRUE(connectTo(TcpClientAddress("::1", portOf(*both)))->stream);
    EXPECT_TRUE(connectTo(TcpClientAddress("127.0.0.1", portOf(*both)))->stream);
}

}  // namespace
}  // namespace tempeh::transport
