#include "transport/tcp/tcp_connector.hpp"
#include "unit/transport/network_fixture.hpp"
#include "unit/transport/raw_socket.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>

#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <vector>

namespace tempeh::transport {
namespace {

class SocketConnectorTest : public NetworkTest {
protected:
    /// A listening socket that takes no more connections, and those that fill it.
    template <typename SocketAddress>
    void makeFullServer(int family, const SocketAddress& address) {
        server_ = RawSocket::make(family, SOCK_NONBLOCK);
        ASSERT_EQ(bindTo(server_, address), 0);
        ASSERT_EQ(::listen(server_.get(), 0), 0);
        SocketAddress bound{};
        socklen_t size = sizeof bound;
        ASSERT_EQ(::getsockname(server_.get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
        for (int i = 0; i < 4; ++i) {
            queued_.push_back(RawSocket::make(family, SOCK_NONBLOCK));
            if (transport::connectTo(queued_.back(), bound) == EAGAIN) break;
        }
    }

    Connector& makeConnector(const Address& address) {
        connector_ = network_->makeConnector(wire::schemeOf(address));
        return *connector_;
    }
    AttemptPtr startConnecting(const Address& address) {
        return startConnect(makeConnector(address), address);
    }

    RawSocket server_;
    std::vector<RawSocket> queued_;
    std::unique_ptr<Connector> connector_;
};

TEST_F(SocketConnectorTest, ResolvesLocalhostAndTriesEachEndpoint) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));  // not ::1
    const AttemptPtr attempt = connectTo(TcpClientAddress("localhost", portOf(*listener)));
    ASSERT_TRUE(attempt->stream) << attempt->ec.message();
    EXPECT_EQ(attempt->stream->info().peerAddress, "tcp|127.0.0.1|" + std::to_string(portOf(*listener)));
}

/// A name with two addresses on one port.
LookupFunction twoAddresses(const char* first, const char* second) {
    return [first, second](const std::string&, std::uint16_t port, error_code&) {
        return TcpEndpoints{{asio::ip::make_address(first), port}, {asio::ip::make_address(second), port}};
    };
}

/// The descriptors of this process.
std::size_t openDescriptors() {
    std::size_t count = 0;
    for (int descriptor = 0; descriptor != 1024; ++descriptor)
        count += ::fcntl(descriptor, F_GETFD) != -1 ? 1U : 0U;
    return count;
}

TEST_F(SocketConnectorTest, AnAddressThatIsSilentLosesToTheNextAndIsClosed) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    sockaddr_in silent = loopback(portOf(*listener));
    silent.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    makeFullServer(AF_INET, silent);  // SYNs to it vanish
    const std::size_t before = openDescriptors();
    TcpConnector connector(context_.get_executor(), {}, twoAddresses("127.0.0.2", "127.0.0.1"));
    const AttemptPtr attempt = startConnect(connector, TcpClientAddress("name", portOf(*listener)));
    finish(attempt);
    ASSERT_TRUE(attempt->stream) << attempt->ec.message();
    EXPECT_EQ(attempt->stream->info().peerAddress, "tcp|127.0.0.1|" + std::to_string(portOf(*listener)));
    EXPECT_EQ(openDescriptors(), before + 1);
}

TEST_F(SocketConnectorTest, AnAddressThatIsSilentGoesOnWhenTheOthersRefuse) {
    sockaddr_in silent = loopback(0);
    silent.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    RawSocket refusing;  // bound, not listening
    do {                 // until nobody else has the port at the other address
        queued_.clear();
        makeFullServer(AF_INET, silent);
        refusing = RawSocket::make(AF_INET);
    } while (bindTo(refusing, loopback(boundPort(server_))) != 0);
    TcpConnector connector(context_.get_executor(), {}, twoAddresses("127.0.0.1", "127.0.0.2"));
    const AttemptPtr attempt = startConnect(connector, TcpClientAddress("name", boundPort(server_)));
    while (LookupThreads::ofProcess().runningThreads() != 0)
        runReady();
    for (int i = 0; i != 5; ++i)
        runReady();
    EXPECT_FALSE(attempt->isDone) << "one refused, the other may still answer";
    queued_.clear();
    for (RawSocket taken(::accept(server_.get(), nullptr, nullptr)); taken.get() >= 0;)
        taken.reset(::accept(server_.get(), nullptr, nullptr));
    finish(attempt);  // the system sends its SYN again
    EXPECT_TRUE(attempt->stream) << attempt->ec.message();
}

TEST_F(SocketConnectorTest, TheErrorIsOfAnAddressThatThisMachineCanReach) {
    const RawSocket refusing = RawSocket::make(AF_INET);
    ASSERT_EQ(bindTo(refusing, loopback(0)), 0);
    // A multicast address takes no connection: "Network is unreachable".
    TcpConnector connector(context_.get_executor(), {}, twoAddresses("127.0.0.1", "224.0.0.1"));
    const AttemptPtr attempt = startConnect(connector, TcpClientAddress("name", boundPort(refusing)));
    finish(attempt);
    EXPECT_FALSE(attempt->stream);
    EXPECT_EQ(attempt->ec, asio::error::connection_refused);
}

TEST_F(SocketConnectorTest, CancelEndsATryOfOneOfSeveralAddresses) {
    sockaddr_in silent = loopback(0);
    silent.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    makeFullServer(AF_INET, silent);
    TcpConnector connector(context_.get_executor(), {}, twoAddresses("127.0.0.2", "127.0.0.2"));
    const AttemptPtr attempt = startConnect(connector, TcpClientAddress("name", boundPort(server_)));
    while (queued_.empty() || LookupThreads::ofProcess().runningThreads() != 0)
        runReady();
    runReady();
    connector.cancel();
    finish(attempt);
    EXPECT_FALSE(attempt->stream);
    EXPECT_EQ(attempt->ec, asio::error::operation_aborted);
}

TEST_F(SocketConnectorTest, ReportsARefusedConnection) {
    RawSocket bound = RawSocket::make(AF_INET);  // bound, so that nobody else gets the port; not listening
    ASSERT_EQ(bindTo(bound, loopback(0)), 0);
    const AttemptPtr attempt = connectTo(TcpClientAddress("127.0.0.1", boundPort(bound)));
    EXPECT_FALSE(attempt->stream);
    EXPECT_EQ(attempt->ec, asio::error::connection_refused);
}

TEST_F(SocketConnectorTest, ReportsANameThatDoesNotExist) {
    const Address address = TcpClientAddress("no-such-host.invalid", 1);
    const AttemptPtr attempt = connectTo(address);
    EXPECT_FALSE(attempt->stream);
    EXPECT_TRUE(attempt->ec == asio::error::host_not_found ||
                attempt->ec == asio::error::host_not_found_try_again)  // without a name server
        << attempt->ec.message();
    EXPECT_EQ(network_->makeConnector("tcp")->statusOf(attempt->ec), Status::ConnectFailed);
}

TEST_F(SocketConnectorTest, ReportsAPathThatDoesNotExist) {
    const Address address = UdsClientAddress(temporaryUdsPath());
    const AttemptPtr attempt = connectTo(address);
    EXPECT_FALSE(attempt->stream);
    EXPECT_EQ(network_->makeConnector("uds")->statusOf(attempt->ec), Status::UdsPathNotFound);
}

TEST_F(SocketConnectorTest, ReportsAPathWithoutServer) {
    const std::string path = temporaryUdsPath();
    leaveStaleFile(path);
    const AttemptPtr attempt = connectTo(UdsClientAddress(path));
    EXPECT_EQ(attempt->ec, asio::error::connection_refused);
    ::unlink(path.c_str());
}

TEST_F(SocketConnectorTest, RejectsAddressesThatCannotBeConnectedTo) {
    EXPECT_EQ(connectTo(UdsClientAddress(""))->ec, Status::InvalidAddress);
    EXPECT_EQ(connectTo(UdsClientAddress("@"))->ec, Status::InvalidAddress);
    EXPECT_EQ(connectTo(UdsClientAddress(std::string(108, 'p')))->ec, Status::InvalidAddress);
    EXPECT_EQ(connectTo(UdsClientAddress(std::string("a\0b", 3)))->ec, Status::InvalidAddress);
    EXPECT_EQ(connectTo(TcpClientAddress("", 1))->ec, Status::InvalidAddress);
    EXPECT_EQ(connectTo(TcpClientAddress(std::string("a\0b", 3), 1))->ec, Status::InvalidAddress);
    EXPECT_EQ(connectTo(TcpServerAddress("127.0.0.1", 1))->ec, Status::WrongAddress);
    EXPECT_EQ(connectTo(UdsServerAddress("/x"))->ec, Status::WrongAddress);
}

TEST_F(SocketConnectorTest, CancelEndsATcpConnectThroughTheExecutor) {
    makeFullServer(AF_INET, loopback(0));
    const AttemptPtr attempt = startConnecting(TcpClientAddress("127.0.0.1", boundPort(server_)));
    runReady();
    ASSERT_FALSE(attempt->isDone);
    connector_->cancel();
    EXPECT_FALSE(attempt->isDone);
    finish(attempt);
    EXPECT_FALSE(attempt->stream);
    EXPECT_EQ(attempt->ec, asio::error::operation_aborted);
}

TEST_F(SocketConnectorTest, CancelEndsAUnixConnectThroughTheExecutor) {
    const std::string path = temporaryUdsPath();
    makeFullServer(AF_UNIX, unixPath(path));
    const AttemptPtr attempt = startConnecting(UdsClientAddress(path));
    runReady();
    ASSERT_FALSE(attempt->isDone);
    connector_->cancel();
    EXPECT_FALSE(attempt->isDone);
    finish(attempt);
    EXPECT_FALSE(attempt->stream);
    EXPECT_EQ(attempt->ec, asio::error::operation_aborted);
    ::unlink(path.c_str());
}

TEST_F(SocketConnectorTest, ConnectsToAUnixServerOnceItsBacklogHasRoom) {
    const std::string path = temporaryUdsPath();
    makeFullServer(AF_UNIX, unixPath(path));
    const AttemptPtr attempt = startConnecting(UdsClientAddress(path));
    runReady();
    ASSERT_FALSE(attempt->isDone);
    for (RawSocket accepted(::accept(server_.get(), nullptr, nullptr)); accepted.get() >= 0;) {
        accepted.reset(::accept(server_.get(), nullptr, nullptr));
    }
    finish(attempt);
    EXPECT_TRUE(attempt->stream) << attempt->ec.message();
    ::unlink(path.c_str());
}

TEST_F(SocketConnectorTest, CancelEndsAConnectThatStillResolves) {
    const AttemptPtr attempt = startConnecting(TcpClientAddress("no-such-host.invalid", 1));
    context_.poll_one();
    connector_->cancel();
    EXPECT_FALSE(attempt->isDone);
    finish(attempt);
    EXPECT_EQ(attempt->ec, asio::error::operation_aborted);
}

TEST_F(SocketConnectorTest, HonoursTheCancellationOfItsCoroutine) {
    makeFullServer(AF_INET, loopback(0));
    const auto attempt = std::make_shared<Attempt>();
    const Address address = TcpClientAddress("127.0.0.1", boundPort(server_));
    asio::cancellation_signal signal;
    asio::co_spawn(context_, connectInto(makeConnector(address), address, attempt),
                   asio::bind_cancellation_slot(signal.slot(), asio::detached));
    runReady();
    ASSERT_FALSE(attempt->isDone);
    signal.emit(asio::cancellation_type::terminal);
    finish(attempt);
    EXPECT_FALSE(attempt->stream);
    EXPECT_EQ(attempt->ec, asio::error::operation_aborted);
}

TEST_F(SocketConnectorTest, CancelWinsAgainstAConnectionThatWasJustMade) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    const AttemptPtr attempt = startConnecting(clientAddressOf(*listener));
    context_.poll_one();  // it is under way, and on loopback over
    ASSERT_FALSE(attempt->isDone);
    connector_->cancel();
    finish(attempt);
    EXPECT_FALSE(attempt->stream);
    EXPECT_EQ(attempt->ec, asio::error::operation_aborted);
}

#if defined(__linux__)
// In a network of its own, where the one port left for outgoing connections is the one connected to.
TEST_F(SocketConnectorTest, IsNotConnectedToItself) {
    constexpr int unavailable = 77;
    const pid_t child = ::fork();
    if (child == 0) {
        ifreq interface {};
        std::strcpy(interface.ifr_name, "lo");
        interface.ifr_flags = IFF_UP;
        if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ::_exit(unavailable);
        const RawSocket control = RawSocket::make(AF_INET);
        const int range = ::open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);
        if (::ioctl(control.get(), SIOCSIFFLAGS, &interface) != 0 ||
            ::write(range, "40000 40000", 11) != 11) {
            ::_exit(unavailable);
        }
        context_.notify_fork(asio::execution_context::fork_child);  // an epoll set of its own
        const AttemptPtr attempt = connectTo(TcpClientAddress("127.0.0.1", 40000));
        ::_exit(!attempt->stream && attempt->ec == asio::error::connection_refused ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == unavailable) GTEST_SKIP() << "no network namespaces here";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}
#endif

TEST_F(SocketConnectorTest, CancelledBeforeItBeginsItDoesNotBegin) {
    const std::unique_ptr<Listener> listener = listenOn(UdsServerAddress());
    Connector& connector = makeConnector(clientAddressOf(*listener));
    connector.cancel();
    connector.cancel();
    const AttemptPtr attempt = startConnect(connector, clientAddressOf(*listener));
    finish(attempt);
    EXPECT_FALSE(attempt->stream);
    EXPECT_EQ(attempt->ec, asio::error::operation_aborted);
}

}  // namespace
}  // namespace tempeh::transport
