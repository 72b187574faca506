#include "transport/tcp/tcp_listener.hpp"

#include "unit/transport/network_fixture.hpp"
#include "unit/transport/raw_socket.hpp"

#include <boost/asio/post.hpp>
#include <boost/system/errc.hpp>

#include <sys/resource.h>
#include <vector>

namespace tempeh::transport {
namespace {

/// Leaves the process no free descriptor while it lives.
class NoDescriptors {
public:
    NoDescriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        const int lowestFree = ::dup(STDIN_FILENO);
        ::close(lowestFree);
        rlimit none = before_;
        none.rlim_cur = static_cast<rlim_t>(lowestFree);
        EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    }
    ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

class TcpListenerTest : public NetworkTest {
protected:
    static RawSocket rawClient(const Listener& listener) {
        RawSocket client = RawSocket::make(AF_INET);
        EXPECT_EQ(transport::connectTo(client, loopback(portOf(listener))), 0);
        return client;
    }
};

TEST_F(TcpListenerTest, SaysWhatItReallyBound) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    const auto bound = std::get<TcpServerAddress>(listener->boundAddress());
    EXPECT_EQ(bound.host, "127.0.0.1");
    EXPECT_NE(bound.port, 0);
}

TEST_F(TcpListenerTest, ListensOnANameAsTheAddressBehindIt) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("localhost", 0));
    const auto bound = std::get<TcpServerAddress>(listener->boundAddress());
    EXPECT_TRUE(asio::ip::make_address(bound.host).is_loopback());
    EXPECT_TRUE(connectTo(TcpClientAddress(bound.host, bound.port))->stream);
}

TEST_F(TcpListenerTest, ListensOnEveryInterfaceForBothFamilies) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("", 0));
    EXPECT_EQ(std::get<TcpServerAddress>(listener->boundAddress()).host, "");
    EXPECT_TRUE(connectTo(TcpClientAddress("127.0.0.1", portOf(*listener)))->stream);
    if (hasIpv6()) {
        EXPECT_TRUE(connectTo(TcpClientAddress("::1", portOf(*listener)))->stream);
    }
}

TEST_F(TcpListenerTest, TwoLiveListenersCannotShareAPort) {
    const std::unique_ptr<Listener> first = listenOn(TcpServerAddress("127.0.0.1", 0));
    for (const char* const host : {"127.0.0.1", ""}) {
        const std::unique_ptr<Listener> second = network_->makeListener("tcp");
        EXPECT_EQ(open(*second, TcpServerAddress(host, portOf(*first))), asio::error::address_in_use) << host;
    }
    EXPECT_TRUE(connectTo(clientAddressOf(*first))->stream);
}

TEST_F(TcpListenerTest, ARestartBindsAtOnceWhileOldConnectionsLinger) {
    std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    const TcpServerAddress address = std::get<TcpServerAddress>(listener->boundAddress());
    Pair left = connectPair(*listener, clientAddressOf(*listener));
    const Pair open = connectPair(*listener, clientAddressOf(*listener));
    left.server->close();  // the side that closes first keeps TIME_WAIT
    error_code ec;
    readText(*left.client, 1, ec);
    EXPECT_EQ(ec, asio::error::eof);
    left.client->close();
    listener->close();

    const RawSocket unaware = RawSocket::make(AF_INET);
    EXPECT_EQ(bindTo(unaware, loopback(address.port)), EADDRINUSE);  // so there is something in the way
    listener = listenOn(address);
    EXPECT_TRUE(connectTo(clientAddressOf(*listener))->stream);
}

TEST_F(TcpListenerTest, ReportsAnAddressThatIsNotItsOwn) {
    const std::unique_ptr<Listener> listener = network_->makeListener("tcp");
    EXPECT_EQ(open(*listener, TcpServerAddress("192.0.2.1", 0)), boost::system::errc::address_not_available);
}

TEST_F(TcpListenerTest, ReportsANameThatDoesNotExist) {
    const std::unique_ptr<Listener> listener = network_->makeListener("tcp");
    EXPECT_TRUE(open(*listener, TcpServerAddress("no-such-host.invalid", 0)));
}

TEST_F(TcpListenerTest, RejectsAClientsAddress) {
    const std::unique_ptr<Listener> listener = network_->makeListener("tcp");
    EXPECT_EQ(open(*listener, TcpClientAddress("127.0.0.1", 1)), Status::WrongAddress);
}

TEST_F(TcpListenerTest, ReportsThatDescriptorsAreUsedUpAndRecovers) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    const RawSocket client = rawClient(*listener);
    AttemptPtr accepting;
    {
        const NoDescriptors none;
        accepting = startAccept(*listener);
        finish(accepting);
    }
    EXPECT_FALSE(accepting->stream);
    EXPECT_TRUE(isOutOfResources(accepting->ec)) << accepting->ec.message();
    accepting = startAccept(*listener);
    finish(accepting);
    EXPECT_TRUE(accepting->stream) << accepting->ec.message();
}

TEST_F(TcpListenerTest, AFloodOfConnectionsLeavesOthersATurn) {
    constexpr int clients = 100;
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    std::vector<RawSocket> flood;
    for (int i = 0; i < clients; ++i)
        flood.push_back(rawClient(*listener));

    std::vector<std::unique_ptr<Stream>> accepted;
    const auto attempt = std::make_shared<Attempt>();
    auto acceptAll = [&]() -> asio::awaitable<void> {
        while (accepted.size() < clients)
            accepted.push_back(co_await listener->accept(attempt->ec));
        attempt->isDone = true;
    };
    spawn(acceptAll(), attempt);
    std::size_t acceptedBefore = clients;
    asio::post(context_, [&] { acceptedBefore = accepted.size(); });
    finish(attempt);
    EXPECT_FALSE(attempt->ec);
    EXPECT_LT(acceptedBefore, 20u);
}

TEST_F(TcpListenerTest, CloseEndsAPendingAcceptThroughTheExecutor) {
    const std::unique_ptr<Listener> listener = listenOn(TcpServerAddress("127.0.0.1", 0));
    const AttemptPtr accepting = startAccept(*listener);
    runReady();
    listener->close();
    EXPECT_FALSE(accepting->isDone);
    finish(accepting);
    EXPECT_EQ(accepting->ec, asio::error::operation_aborted);
    listener->close();  // again
    const AttemptPtr later = startAccept(*listener);
    finish(later);
    EXPECT_EQ(later->ec, asio::error::operation_aborted);
}

TEST_F(TcpListenerTest, CloseEndsAnOpenThatStillResolves) {
    const std::unique_ptr<Listener> listener = network_->makeListener("tcp");
    const AttemptPtr opening = startOpen(*listener, TcpServerAddress("no-such-host.invalid", 0));
    context_.poll_one();
    listener->close();
    EXPECT_FALSE(opening->isDone);
    finish(opening);
    EXPECT_EQ(opening->ec, asio::error::operation_aborted);
}

TEST_F(TcpListenerTest, ClosedBeforeItOpensItStaysClosed) {
    const std::unique_ptr<Listener> listener = network_->makeListener("tcp");
    listener->close();
    EXPECT_EQ(open(*listener, TcpServerAddress("127.0.0.1", 0)), asio::error::operation_aborted);
}

}  // namespace
}  // namespace tempeh::transport
