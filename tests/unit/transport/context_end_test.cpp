#include "transport/uds/folder_lock.hpp"
#include "unit/transport/network_fixture.hpp"
#include "unit/transport/raw_socket.hpp"

#include <boost/asio/detached.hpp>

#include <optional>
#include <sys/stat.h>
#include <vector>

/// An io_context that goes away takes every suspended call with it: nothing is resumed, nothing is left.
namespace tempeh::transport {
namespace {

using Sentinel = std::shared_ptr<int>;

asio::awaitable<void> keepConnecting(std::unique_ptr<Connector> connector, Address address, Sentinel) {
    error_code ec;
    co_await connector->connect(std::move(address), ec);
    ADD_FAILURE() << "resumed";
}

asio::awaitable<void> keepOpening(std::unique_ptr<Listener> listener, Address address, Sentinel) {
    error_code ec;
    co_await listener->open(std::move(address), ec);
    ADD_FAILURE() << "resumed";
}

asio::awaitable<void> keepAccepting(std::unique_ptr<Listener> listener, Sentinel) {
    error_code ec;
    co_await listener->accept(ec);
    ADD_FAILURE() << "resumed";
}

asio::awaitable<void> keepReading(std::unique_ptr<Stream> stream, Sentinel) {
    error_code ec;
    co_await stream->waitReadable(ec);
    ADD_FAILURE() << "resumed";
}

class ContextEndTest : public ::testing::Test {
protected:
    void spawn(asio::awaitable<void> call) { asio::co_spawn(*context_, std::move(call), asio::detached); }
    /// Starts what was spawned, then ends the context and expects every frame to be gone.
    void endContext() {
        context_->poll();
        ASSERT_GT(frame_.use_count(), 0);
        network_.reset();
        context_.reset();
        EXPECT_TRUE(frame_.expired());
    }
    Sentinel takeSentinel() { return std::move(sentinel_); }

    std::optional<asio::io_context> context_{1};
    std::unique_ptr<Network> network_ = makeSystemNetwork(context_->get_executor(), {});
    Sentinel sentinel_ = std::make_shared<int>(0);
    std::weak_ptr<int> frame_ = sentinel_;
};

TEST_F(ContextEndTest, WhileConnectingOverTcp) {
    const RawSocket server = RawSocket::make(AF_INET);
    ASSERT_EQ(bindTo(server, loopback(0)), 0);
    ASSERT_EQ(::listen(server.get(), 0), 0);
    std::vector<RawSocket> queued;
    for (int i = 0; i < 4; ++i) {
        queued.push_back(RawSocket::make(AF_INET, SOCK_NONBLOCK));
        connectTo(queued.back(), loopback(boundPort(server)));
    }
    const Address address = TcpClientAddress("127.0.0.1", boundPort(server));
    spawn(keepConnecting(network_->makeConnector(wire::schemeOf(address)), address, takeSentinel()));
    endContext();
}

TEST_F(ContextEndTest, WhileAUnixServersBacklogIsFull) {
    const std::string path = temporaryUdsPath();
    const RawSocket server = RawSocket::make(AF_UNIX);
    ASSERT_EQ(bindTo(server, unixPath(path)), 0);
    ASSERT_EQ(::listen(server.get(), 0), 0);
    const RawSocket queued = RawSocket::make(AF_UNIX);
    ASSERT_EQ(connectTo(queued, unixPath(path)), 0);
    const Address address = UdsClientAddress(path);
    spawn(keepConnecting(network_->makeConnector(wire::schemeOf(address)), address, takeSentinel()));
    endContext();
    ::unlink(path.c_str());
}

TEST_F(ContextEndTest, WhileTheFolderIsLocked) {
    const std::string path = temporaryUdsPath();
    FolderLock other;
    error_code ec;
    const std::string folder = path + ".d";
    ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
    other.tryLock(folder + "/s", ec);
    ASSERT_FALSE(ec);
    const Address address = UdsServerAddress(folder + "/s");
    spawn(keepOpening(network_->makeListener("uds"), address, takeSentinel()));
    endContext();
    EXPECT_EQ(::rmdir(folder.c_str()), 0);
}

TEST_F(ContextEndTest, WhileAcceptingAndTheSocketFileGoesToo) {
    const std::string path = temporaryUdsPath();
    std::unique_ptr<Listener> listener = network_->makeListener("uds");
    error_code ec;
    const Address address = UdsServerAddress(path);
    spawn(listener->open(address, ec));
    context_->poll();
    context_->restart();
    ASSERT_FALSE(ec);
    spawn(keepAccepting(std::move(listener), takeSentinel()));
    endContext();
    EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(ContextEndTest, WhileWaitingToRead) {
    const RawSocket server = RawSocket::make(AF_INET);
    ASSERT_EQ(bindTo(server, loopback(0)), 0);
    ASSERT_EQ(::listen(server.get(), 1), 0);
    const Address address = TcpClientAddress("127.0.0.1", boundPort(server));
    std::unique_ptr<Connector> connector = network_->makeConnector("tcp");
    const auto attempt = std::make_shared<Attempt>();
    spawn(connectInto(*connector, address, attempt));
    context_->run();
    context_->restart();
    connector.reset();  // its sockets must not outlive the context
    ASSERT_TRUE(attempt->stream);
    spawn(keepReading(std::move(attempt->stream), takeSentinel()));
    endContext();
}

}  // namespace
}  // namespace tempeh::transport
