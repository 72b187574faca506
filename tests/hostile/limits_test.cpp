// What the limits of a listener let in, refuse, and drop; and floods.

#include "hostile/scene.hpp"
#include "support/scale.hpp"

#include <gmock/gmock.h>

#include <deque>

namespace tempeh::test::hostile {
namespace {

Options relaxed() {
    return {.helloTimeout = patience, .frameTimeout = patience};
}

/// From another address of the loopback network.
raw::Peer connectFrom(std::uint32_t source, std::uint16_t port) {
    raw::Descriptor socket = raw::makeTcpSocket();
    sockaddr_in from = raw::loopbackAddress(0);
    from.sin_addr.s_addr = htonl(source);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)
        throw std::runtime_error("raw: bind failed");
    return raw::Peer::connectTo(port, std::move(socket));
}

class Limits : public ::testing::TestWithParam<Transport> {};

INSTANTIATE_TEST_SUITE_P(Over, Limits, ::testing::Values(Transport::Tcp, Transport::Uds),
                         [](const auto& tested) { return tested.param == Transport::Tcp ? "Tcp" : "Unix"; });

TEST_P(Limits, OfOneListener) {
    Options options = relaxed();
    options.maxConnectionsPerListener = 3;  // the honest client's is one
    Scene scene(options, GetParam());
    raw::Peer first = scene.connectAndSayHello();
    raw::Peer second = scene.server.connect();
    for (int i = 1; i <= 10; ++i) {
        raw::Peer refused = scene.server.connect();
        refused.trySend(raw::helloRequest().bytes());
        EXPECT_NE(refused.waitForEnd(), raw::End::NotYet);
    }
    EXPECT_EQ(scene.server.stats().refusedByListener, 10U);
    EXPECT_EQ(scene.server.unseen(), 0U) << "the application never hears of them";
    // One goes, one may come.
    first.close();
    scene.server.nextClosed();
    while (scene.server.stats().accepted < 4) {
        raw::Peer next = scene.server.connect();
        next.trySend(raw::helloRequest().bytes());
        if (next.receive(1).empty()) continue;  // the other one was still there
        EXPECT_EQ(scene.server.next().opCode, OpCode::HelloRequest);
    }
    EXPECT_EQ(scene.server.stats().acceptFailures, 0U);
}

TEST_P(Limits, OfOnePeer) {
    Options options = relaxed();
    options.maxConnectionsPerPeer = 3;
    Scene scene(options, GetParam());
    raw::Peer first = scene.connectAndSayHello();
    raw::Peer second = scene.connectAndSayHello();
    raw::Peer refused = scene.server.connect();
    EXPECT_NE(refused.waitForEnd(), raw::End::NotYet);
    EXPECT_EQ(scene.server.stats().refusedByPeer, 1U);
    EXPECT_EQ(scene.server.stats().refusedByListener, 0U);
    if (GetParam() == Transport::Tcp) {
        // Others are not refused.
        const std::uint16_t port = std::get<TcpClientAddress>(scene.server.address()).port;
        raw::Peer other = connectFrom(0x7f000002, port);
        other.send(raw::helloRequest().bytes());
        EXPECT_EQ(scene.server.next().opCode, OpCode::HelloRequest);
    }
    EXPECT_EQ(scene.server.stats().refusedByPeer, 1U);
}

TEST_P(Limits, SilentConnectionsKeepNobodyOut) {
    Options options = relaxed();
    options.maxHandshakesPerListener = 20;
    Scene scene(options, GetParam());
    std::vector<raw::Peer> silent;
    for (int i = 0; i < 40; ++i)
        silent.push_back(scene.server.connect());
    // Whoever talks is let in, while as many as may are silent, and more.
    for (int i = 0; i < 10; ++i) {
        raw::Peer talking = scene.connectAndSayHello();
        talking.close();
        scene.server.nextClosed();
        silent.push_back(scene.server.connect());
    }
    // The silent ones had to go in the order in which they came; the last ones are there.
    for (int i = 0; i < 30; ++i)
        EXPECT_NE(silent[static_cast<std::size_t>(i)].waitForEnd(), raw::End::NotYet);
    EXPECT_TRUE(eventually([&] {
        const EngineStats stats = scene.server.stats();
        return stats.accepted == 61 && stats.droppedHandshakes == 30;
    }));
    EXPECT_EQ(scene.server.stats().helloTimeouts, 0U);
    silent.back().send(raw::helloRequest().bytes());
    EXPECT_EQ(scene.server.next().opCode, OpCode::HelloRequest);
}

TEST_P(Limits, AFloodOfThousandsLeavesTheListenerAlive) {
    Options options = relaxed();
    options.maxConnectionsPerListener = 50;
    options.maxHandshakesPerListener = 20;
    Scene scene(options, GetParam());
    std::deque<raw::Peer> some;
    for (std::uint64_t i = 0; i < scaled(4000); ++i) {
        some.push_back(scene.server.connect());
        if (i % 3 == 1) some.back().trySend(raw::helloRequest().bytes());
        if (some.size() < 200) continue;
        if (i % 2 == 0) some.front().reset();
        some.pop_front();
    }
    some.clear();
    EXPECT_TRUE(eventually([&] {
        const EngineStats stats = scene.server.stats();
        return stats.accepted + stats.refusedByListener == scaled(4000) + 1 && stats.channels == 2;
    })) << scene.server.stats().accepted;
    scene.honest->expectService();  // and the application has seen all that was before
    EXPECT_EQ(scene.server.stats().acceptFailures, 0U);
    // Each that the application heard of has ended for it too.
    std::size_t open = 0;
    while (scene.server.unseen() != 0) {
        const Seen seen = scene.server.next();
        if (seen.opCode == OpCode::HelloRequest) ++open;
        if (seen.status == Status::ChannelClosed) --open;
    }
    EXPECT_EQ(open, 0U);
    raw::Peer late = scene.connectAndSayHello();
}

/// A hello, and then good-bye without a word, on and on.
TEST_P(Limits, AHelloStorm) {
    Scene scene(relaxed(), GetParam());
    for (std::uint64_t i = 0; i < scaled(1000); ++i) {
        raw::Peer peer = scene.server.connect();
        peer.trySend(raw::helloRequest().bytes());
        if (i % 2 == 0) peer.reset();
    }
    scene.honest->expectService();
    EXPECT_TRUE(eventually([&] { return scene.server.stats().channels == 2; }));
    EXPECT_EQ(scene.server.stats().violations, 0U);
}

}  // namespace
}  // namespace tempeh::test::hostile
