// What people write inside a co_await expression. GCC 12 destroys members of an aggregate twice that is made
// there; every text here is too long to be kept inside a std::string, so that a second time shows.

#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::Peer;

asio::awaitable<error_code> connectTo(Reactor& reactor) {
    error_code ec;
    try {
        (void)co_await flows::connect(reactor, UdsClientAddress{"/tmp/a/path/that/is/longer/than/fifteen"});
    } catch (const Error& error) {
        ec = error.code();
    }
    co_return ec;
}

asio::awaitable<void> connectInEveryWay(Reactor& reactor, std::uint16_t port, std::string path) {
    const flows::PeerGroup group(reactor);
    Peer peer = co_await flows::connect(reactor, TcpClientAddress{"127.000.000.001", port});
    co_await peer.close();
    peer = co_await flows::connect(reactor, TcpServerAddress{std::string("127.0.0.1"), port});
    co_await peer.close();
    peer = co_await flows::connect(reactor, UdsClientAddress{path});
    co_await peer.close();
    peer = co_await flows::connect(reactor, UdsServerAddress{path, 0600});
    co_await peer.close();
    peer = co_await flows::connect(reactor, Address(UdsClientAddress{path}), {.timeout = patience});
    co_await peer.close();
    peer = co_await group.connect(UdsClientAddress{path}, {.attempts = 3, .backoff = {.initial = 1ms}});
    co_await peer.close();
    peer = co_await group.connect(toString(UdsClientAddress{path}));
    co_await peer.close();
}

TEST(AwaitedTemporaries, AnAddressIsDestroyedOnce) {
    Reactor reactor;
    std::future<error_code> failed = asio::co_spawn(reactor.executor(), connectTo(reactor), asio::use_future);
    EXPECT_EQ(failed.get(), Status::UdsPathNotFound);

    flows::Server server(reactor, {TcpServerAddress{"127.0.0.1", 0}, UdsServerAddress{""}});
    const Running serving(reactor.executor(), server.serve(echo));
    const std::uint16_t port = std::get<TcpServerAddress>(server.addresses()[0]).port;
    const std::string path = std::get<UdsServerAddress>(server.addresses()[1]).path;
    ASSERT_GT(path.size(), 15U);
    run(reactor.executor(), connectInEveryWay(reactor, port, path));
    server = flows::Server(reactor, {UdsServerAddress{""}});
}

asio::awaitable<void> streamInEveryWay(Peer peer) {
    flows::StreamWriter writer(peer, OpCode::Request, {.partBytes = 1000, .patience = 1ms});
    co_await writer.write(std::string(5000, 'x'));
    writer.textHeaders().append("a-name-that-is-long-enough", "a value that is long enough");
    (void)co_await writer.answer(patience);
    (void)co_await peer.request(peer.newMessage(OpCode::Request, std::string(5000, 'y')), patience);
}

TEST(AwaitedTemporaries, OptionsAndTextsAreDestroyedOnce) {
    FlowsPair pair(echo);
    pair.onClient(streamInEveryWay(pair.connect()));
}

}  // namespace
}  // namespace tempeh::test
