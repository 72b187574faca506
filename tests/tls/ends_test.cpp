// How TLS connections end: politely, cut off, or because a peer does not go on.

#include "support/raw_peer.hpp"
#include "tls/foreign_client.hpp"
#include "tls/tls_fixture.hpp"

#include <array>

namespace tempeh::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TlsEnds : public TlsTest {
protected:
    /// Hello and its answer; the channel's number at the server.
    static ChannelNumber enter(ForeignClient& client, Party& server) {
        client.send(raw::helloRequest().bytes());
        const ChannelNumber channel = server.acceptHello();
        client.receiveBody();
        return channel;
    }
    /// What a client says first.
    Bytes clientHello() const {
        raw::Server listener;
        Side connecting(engine(client()));
        connecting->sayHello(TlsClientAddress("localhost", listener.port()));
        raw::Peer peer = listener.accept();
        Bytes record = peer.receive(5);
        const auto size =
            std::to_integer<std::size_t>(record[3]) * 256 + std::to_integer<std::size_t>(record[4]);
        const Bytes rest = peer.receive(size);
        record.insert(record.end(), rest.begin(), rest.end());
        return record;
    }
    TlsOptions impatient(TlsOptions options) const {
        options.handshakeTimeout = 200ms;
        return options;
    }
};

TEST_F(TlsEnds, AStreamThatIsCutOffIsToldFromOneThatEnds) {
    Side server(engine(this->server()));
    const std::uint16_t port = portOf(server->listen(anywhere()).bound);
    ForeignClient cut(port);
    const ChannelNumber first = enter(cut, server.party);
    cut.close();
    EXPECT_THAT(reasonOf(*server->nextClosed(first)), HasSubstr("cut off"));
    ForeignClient polite(port);
    const ChannelNumber second = enter(polite, server.party);
    polite.sayEnd();
    EXPECT_THAT(reasonOf(*server->nextClosed(second)), Not(HasSubstr("cut off")));
    EXPECT_TRUE(polite.receivesEnd());
}

TEST_F(TlsEnds, ThisSideEndsPolitely) {
    Side server(engine(this->server()));
    ForeignClient client(portOf(server->listen(anywhere()).bound));
    const ChannelNumber channel = enter(client, server.party);
    server->post(OpCode::Signal, channel, "last");
    EXPECT_EQ(client.receiveBody(), "last");
    server->post(OpCode::ByeSignal, channel);
    EXPECT_TRUE(client.receivesEnd());
}

TEST_F(TlsEnds, ThePeerMayChangeItsKeys) {
    Side server(engine(this->server()));
    ForeignClient client(portOf(server->listen(anywhere()).bound));
    const ChannelNumber channel = enter(client, server.party);
    for (int i = 0; i < 3; ++i) {
        client.updateKeys();
        client.send(raw::Frame{.proto = 2, .body = "abc"}.bytes());
        EXPECT_EQ(server->next(OpCode::Signal)->body.view(), "abc");
        server->post(OpCode::Signal, channel, "def");
        EXPECT_EQ(client.receiveBody(), "def");
    }
}

TEST_F(TlsEnds, WhoStopsInTheHandshakeIsClosed) {
    const Bytes hello = clientHello();
    Side server(engine(impatient(this->server())));
    const std::uint16_t port = portOf(server->listen(anywhere()).bound);
    for (const std::size_t size : {std::size_t{0}, std::size_t{3}, hello.size() / 2, hello.size()}) {
        raw::Peer peer = raw::Peer::connectTo(port);
        peer.send(std::span(hello).first(size));
        EXPECT_NE(peer.waitForEnd(), raw::End::NotYet) << size;
    }
    std::uint64_t closed = 4;
    EXPECT_TRUE(eventually([port, &closed] {
        ++closed;
        try {
            ForeignClient silent(port);  // a handshake, and no hello
            return silent.receivesEnd();
        } catch (const std::runtime_error&) {
            return false;  // a busy machine's handshake took too long itself
        }
    }));
    EXPECT_EQ(server.reactor.stats().helloTimeouts, closed);
    Side client(engine(this->client()));
    converse(server.party, client.party, TlsClientAddress("localhost", port));
}

TEST_F(TlsEnds, AHandshakeByteByByteIsOne) {
    const Bytes hello = clientHello();
    Side server(engine(this->server()));
    raw::Peer peer = raw::Peer::connectTo(portOf(server->listen(anywhere()).bound));
    peer.sendByteByByte(hello);
    EXPECT_EQ(peer.receive(1).front(), std::byte{22});
}

TEST_F(TlsEnds, AServerThatDoesNotGoOnIsGivenUp) {
    raw::Server listener;
    Side client(engine(impatient(this->client())));
    client->sayHello(TlsClientAddress("localhost", listener.port()));
    raw::Peer peer = listener.accept();
    const MessagePtr answer = client->next(OpCode::HelloResponse, Status::ConnectFailed);
    EXPECT_THAT(reasonOf(*answer), HasSubstr("TlsOptions::handshakeTimeout"));
    EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
}

TEST_F(TlsEnds, AClientThatGivesUpInTheHandshakeIsGone) {
    raw::Server listener;
    Side client(engine(this->client()));
    const BinaryHeader hello = client->sayHello(TlsClientAddress("localhost", listener.port()));
    raw::Peer peer = listener.accept();
    peer.receive(1);
    client->post(OpCode::ByeSignal, hello.channelNumber);
    client->waitFor(OpCode::Signal, Status::ChannelClosed);
    EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
}

TEST_F(TlsEnds, AnEngineThatGoesInTheHandshakeLeavesNothing) {
    raw::Server listener;
    raw::Peer peer = [&] {
        Side client(engine(this->client()));
        client->sayHello(TlsClientAddress("localhost", listener.port()));
        raw::Peer accepted = listener.accept();
        accepted.receive(1);
        return accepted;
    }();
    EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
}

TEST_F(TlsEnds, AContextThatGoesFirstTakesConnectionsWithIt) {
    Side server(engine(this->server()));
    const Listening listening = server->listen(anywhere());
    for (const bool isEstablished : {false, true}) {
        auto context = std::make_unique<asio::io_context>();
        Reactor reactor(*context, engine(this->client()));
        ChannelGroup group = reactor.createGroup();
        MessagePtr hello = reactor.get();
        format(listening.address, *hello);
        group.post(std::move(hello));
        context->poll();
        if (!isEstablished) {
            context.reset();
            continue;
        }
        std::thread running([&] { context->run(); });
        const ChannelNumber channel = server->acceptHello();
        context->stop();
        running.join();
        context.reset();
        // The answer to the hello comes back if it had not left by then.
        EXPECT_EQ(server->waitFor(OpCode::Signal, Status::ChannelClosed)->header.channelNumber, channel);
    }
}

TEST_F(TlsEnds, SilentOnesMakeRoomForWhoSaysHello) {
    Options tight = engine(this->server());
    tight.maxHandshakesPerListener = 4;
    Side server(tight);
    const Listening listening = server->listen(anywhere());
    std::vector<raw::Peer> silent;
    for (int i = 0; i < 8; ++i)
        silent.push_back(raw::Peer::connectTo(portOf(listening.bound)));
    Side client(engine(this->client()));
    converse(server.party, client.party, listening.address);
}

TEST_F(TlsEnds, ManyWithoutAHelloLeaveABusyOneAlone) {
    const Bytes half = [&] {
        Bytes hello = clientHello();
        hello.resize(hello.size() / 2);
        return hello;
    }();
    Link busy(engine(this->server()), engine(client()), anywhere());
    std::vector<raw::Peer> silent;
    for (int i = 0; i < 300; ++i) {
        silent.push_back(raw::Peer::connectTo(portOf(busy.listening.bound)));
        silent.back().send(half);
        busy.client->post(OpCode::Request, busy.atClient, "ping");
        MessagePtr request = busy.server->next(OpCode::Request);
        request->header.opCode = OpCode::Response;
        busy.server->post(std::move(request));
        busy.client->next(OpCode::Response);
    }
}

}  // namespace
}  // namespace tempeh::test
