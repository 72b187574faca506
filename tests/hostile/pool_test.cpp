// Who holds messages: peers that stop in the middle of frames, and applications that give nothing back.

#include "hostile/scene.hpp"

namespace tempeh::test::hostile {
namespace {

class Pool : public ::testing::TestWithParam<Transport> {};

INSTANTIATE_TEST_SUITE_P(Over, Pool, ::testing::Values(Transport::Tcp, Transport::Uds),
                         [](const auto& tested) { return tested.param == Transport::Tcp ? "Tcp" : "Unix"; });

/// Each half frame keeps a message; however many there are, whole ones are received.
TEST_P(Pool, HalfFramesStopNobody) {
    const Options options{
        .initialPoolMessages = 4, .maxPoolMessages = 8, .helloTimeout = patience, .frameTimeout = patience};
    Scene scene(options, GetParam());
    const Bytes frame = raw::Frame{.proto = 2, .id = 5, .body = std::string(1000, 'x')}.bytes();
    std::vector<raw::Peer> peers;
    for (int i = 0; i < 40; ++i) {
        peers.push_back(scene.connectAndSayHello());
        peers.back().send(std::span(frame).first(500));
    }
    scene.honest->expectService();
    // They go on, and nothing is missing.
    for (raw::Peer& peer : peers)
        peer.send(std::span(frame).subspan(500));
    for (std::size_t i = 0; i < peers.size(); ++i) {
        Seen seen = scene.server.next();
        if (seen.status == Status::PoolEmpty) seen = scene.server.next();
        EXPECT_EQ(seen.body.size(), 1000U);
    }
}

TEST_P(Pool, HalfFramesOfChannelsThatEndedGoBack) {
    const Options options{
        .initialPoolMessages = 4, .maxPoolMessages = 8, .helloTimeout = patience, .frameTimeout = patience};
    Scene scene(options, GetParam());
    const Bytes frame = raw::Frame{.proto = 2, .id = 5, .body = std::string(1000, 'x')}.bytes();
    for (int i = 0; i < 40; ++i) {
        raw::Peer peer = scene.connectAndSayHello();
        peer.send(std::span(frame).first(500));
        i % 2 == 0 ? peer.reset() : peer.close();
        scene.server.nextClosed();
    }
    scene.honest->expectService();
    scene.honest.reset();
    EXPECT_TRUE(eventually([&] { return scene.server.stats().pool.outstanding == 0; }));
    scene.honest = std::make_unique<HonestClient>(scene.server.address());
}

/// A group of the same engine that keeps every message it gets.
class Hoard {
public:
    Hoard(Reactor& reactor, const Address& where) : party_(reactor), listening_(party_.listen(where)) {}

    const Address& address() const { return listening_.address; }
    MessagePtr next() { return party_.next(); }
    /// Takes messages until the engine says that there are no more; what it has taken.
    std::vector<MessagePtr> takeAll() {
        std::vector<MessagePtr> taken;
        for (;;) {
            MessagePtr message = party_.next();
            if (statusOf(*message) == Status::PoolEmpty) return taken;
            taken.push_back(std::move(message));
        }
    }
    /// Gives back one message after the other until the channel is closed; the bodies of the peer's.
    std::vector<std::string> bodiesUntilClosed() {
        std::vector<std::string> bodies;
        for (;;) {
            const MessagePtr message = party_.next();
            if (isClosedNotice(*message)) return bodies;
            if (message->header.opCode == OpCode::Signal && !message->isFromEngine())
                bodies.emplace_back(message->body.view());
        }
    }

private:
    Party party_;
    Listening listening_;
};

/// Its peer has no say in it; neither do others suffer, nor is anything lost.
TEST_P(Pool, AnApplicationThatHoardsStopsItsOwnPeers) {
    const Options options{
        .initialPoolMessages = 4, .maxPoolMessages = 16, .helloTimeout = patience, .frameTimeout = patience};
    Scene scene(options, GetParam());
    Hoard hoard(scene.server.reactor,
                GetParam() == Transport::Tcp ? localTcp() : Address(UdsServerAddress{}));
    Side peer;
    const ChannelNumber channel = peer->sayHello(hoard.address()).channelNumber;
    for (int i = 0; i < 100; ++i)
        peer->post(OpCode::Signal, channel, std::to_string(i));
    std::vector<MessagePtr> taken = hoard.takeAll();
    EXPECT_GE(taken.size(), 8U);
    scene.honest->expectService();
    taken.erase(taken.begin());  // the hello
    int next = 0;
    for (const MessagePtr& message : taken)
        EXPECT_EQ(message->body.view(), std::to_string(next++));
    taken.clear();
    peer->post(OpCode::ByeRequest, channel);
    for (const std::string& body : hoard.bodiesUntilClosed())
        EXPECT_EQ(body, std::to_string(next++));
    EXPECT_EQ(next, 100);
}

/// RST while its channel does not read: found when the channel reads on, what came before is delivered.
TEST_P(Pool, AResetWhileTheChannelDoesNotRead) {
    const Options options{
        .initialPoolMessages = 4, .maxPoolMessages = 16, .helloTimeout = patience, .frameTimeout = patience};
    Scene scene(options, GetParam());
    Hoard hoard(scene.server.reactor,
                GetParam() == Transport::Tcp ? localTcp() : Address(UdsServerAddress{}));
    raw::Peer peer = GetParam() == Transport::Tcp
                         ? raw::Peer::connectTo(std::get<TcpClientAddress>(hoard.address()).port)
                         : raw::Peer::connectTo(std::get<UdsClientAddress>(hoard.address()).path);
    peer.send(raw::helloRequest().bytes());
    Bytes bytes;
    for (std::uint64_t id = 10; id < 60; ++id)
        appendTo(bytes, raw::Frame{.proto = 2, .id = id}.bytes());
    peer.send(bytes);
    std::vector<MessagePtr> taken = hoard.takeAll();
    peer.reset();
    scene.honest->expectService();
    const std::size_t received = taken.size() - 1;  // without the hello
    taken.clear();
    EXPECT_EQ(received + hoard.bodiesUntilClosed().size(), 50U) << "all of it had been read before";
}

}  // namespace
}  // namespace tempeh::test::hostile
