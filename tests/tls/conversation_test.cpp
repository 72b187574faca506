// What an engine and flows promise holds over TLS, and who is at the other end is known.

#include "support/link_conversations.hpp"
#include "support/raw_peer.hpp"
#include "tls/tls_fixture.hpp"

#include <boost/asio/ssl/context.hpp>

namespace tempeh::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TlsConversation : public TlsTest {};

TEST_F(TlsConversation, HelloRequestsAnswersAndByes) {
    Side server(engine(this->server()));
    Side client(engine(this->client()));
    const Listening listening = server->listen(anywhere());
    EXPECT_EQ(wire::schemeOf(listening.bound), "tls");
    for (int i = 0; i < 3; ++i)
        converse(server.party, client.party, listening.address);
    server->expectNothingMore();
    client->expectNothingMore();
}

TEST_F(TlsConversation, TheClientKnowsWhoTheServerIs) {
    Link link(engine(server()), engine(client()), anywhere());
    const ChannelInfo info = link.client->channels.channelInfo(link.atClient);
    EXPECT_EQ(info.transport, Transport::Tls);
    EXPECT_EQ(info.peerAddress, toString(link.listening.address));
    EXPECT_THAT(info.localAddress, StartsWith("tls|127.0.0.1|"));
    ASSERT_NE(info.peerCertificate, nullptr);
    EXPECT_EQ(info.peerCertificate->subject, "CN=server");
    EXPECT_EQ(info.peerCertificate->issuer, "CN=Test CA");
    EXPECT_THAT(info.peerCertificate->names, ElementsAre("DNS:localhost", "IP:127.0.0.1", "IP:::1"));
    EXPECT_EQ(info.peerCertificate->fingerprint.size(), 64U);
    EXPECT_TRUE(info.peerCertificate->isVerified);
    EXPECT_LT(info.peerCertificate->notBefore, std::chrono::system_clock::now());
    EXPECT_GT(info.peerCertificate->notAfter, std::chrono::system_clock::now() + std::chrono::hours(24 * 29));
    EXPECT_EQ(link.server->channels.channelInfo(link.atServer).peerCertificate, nullptr);
}

TEST_F(TlsConversation, WithMutualTlsTheServerKnowsWhoTheClientIs) {
    Link link(engine(mutualServer()), engine(mutualClient()), anywhere());
    const ChannelInfo info = link.server->channels.channelInfo(link.atServer);
    ASSERT_NE(info.peerCertificate, nullptr);
    EXPECT_EQ(info.peerCertificate->subject, "CN=client");
    EXPECT_THAT(info.peerCertificate->names, ElementsAre("URI:spiffe://test/client"));
    EXPECT_TRUE(info.peerCertificate->isVerified);
}

TEST_F(TlsConversation, UnverifiedIsSaid) {
    TlsOptions careless;
    careless.verifyServer = false;
    Link link(engine(server()), engine(careless), anywhere());
    const ChannelInfo info = link.client->channels.channelInfo(link.atClient);
    ASSERT_NE(info.peerCertificate, nullptr);
    EXPECT_FALSE(info.peerCertificate->isVerified);
}

TEST_F(TlsConversation, MessagesOfEverySizeBothWaysInOrder) {
    Link link(engine(server()), engine(client()), anywhere());
    exchangeEverySize(link);
}

TEST_F(TlsConversation, MuchMoreThanTheSocketsHoldWhileTheReaderRests) {
    Options small = engine(client());
    small.sendBufferBytes = 4096;
    small.sendQueueMessages = 100'000;
    small.sendQueueBytes = std::size_t{64} << 20U;
    Options slow = engine(server());
    slow.receiveBufferBytes = 4096;
    slow.maxPoolMessages = 8;  // it stops reading again and again
    Link link(slow, small, anywhere());
    constexpr int messages = 300;
    for (int i = 0; i < messages; ++i)
        link.client->post(OpCode::Signal, link.atClient, std::string(static_cast<std::size_t>(i) * 37, 'x'));
    for (int i = 0; i < messages; ++i)
        ASSERT_EQ(link.server->waitFor(OpCode::Signal)->body.size(), static_cast<std::size_t>(i) * 37);
}

TEST_F(TlsConversation, AThreadAnswersWhatAThreadAsks) {
    Link link(engine(server()), engine(client()), anywhere());
    askAndAnswerOnThreads(link);
}

TEST_F(TlsConversation, AnEngineThatGoesSendsWhatWasPosted) {
    Side server(engine(this->server()));
    const Listening listening = server->listen(anywhere());
    ChannelNumber atServer = 0;
    constexpr int signals = 200;
    {
        Side client(engine(this->client()));
        const BinaryHeader hello = client->sayHello(listening.address);
        atServer = server->acceptHello();
        client->next(OpCode::HelloResponse);
        for (int i = 0; i < signals; ++i)
            client->post(OpCode::Signal, hello.channelNumber, std::string(1'000, 's'));
        EXPECT_TRUE(client.reactor.shutdown(patience).complete);
    }
    for (int i = 0; i < signals; ++i)
        server->next(OpCode::Signal);
    EXPECT_THAT(reasonOf(*server->nextClosed(atServer)), ::testing::Not(HasSubstr("cut off")));
}

TEST_F(TlsConversation, FlowsConnectAskAndRefuseByCertificate) {
    Reactor serverReactor(engine(mutualServer()));
    Reactor clientReactor(engine(mutualClient()));
    flows::ServerOptions options;
    std::promise<std::string> asked;
    options.accept = [&](flows::Hello& hello) -> std::uint8_t {
        const auto& certificate = hello.channel.peerCertificate;
        asked.set_value(certificate != nullptr && certificate->isVerified ? certificate->subject : "nobody");
        return 0;
    };
    std::optional<flows::Server> server(std::in_place, serverReactor, std::vector<Address>{anywhere()},
                                        options);
    const std::uint16_t port = portOf(server->addresses().front());
    Running serving(serverReactor.executor(), server->serve(&echo));
    const auto ask = [](Reactor& reactor, std::uint16_t where) -> asio::awaitable<void> {
        const flows::Peer peer = co_await flows::connect(reactor, TlsClientAddress{"localhost", where});
        co_await expectEcho(peer);
    };
    run(clientReactor.executor(), ask(clientReactor, port));
    EXPECT_EQ(asked.get_future().get(), "CN=client");
    server.reset();
}

TEST_F(TlsConversation, AConnectionIsHandedToAnotherEngine) {
    const auto context = std::make_shared<TlsContext>(mutualServer());
    Side listener(engine(context));
    Side worker(engine(context));
    Side client(engine(mutualClient()));
    ChannelGroup* const members[] = {&worker->group};
    listener->group.distributeTo(members);
    const Listening listening = listener->listen(anywhere());
    converse(worker.party, client.party, listening.address);
}

TEST_F(TlsConversation, AContextOfTheCallersIsUsedAsItIs) {
    const TlsOptions files = server();
    auto theirs = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    theirs->use_certificate_chain_file(files.certificateChainFile);
    theirs->use_private_key_file(files.privateKeyFile, asio::ssl::context::pem);
    const auto context =
        std::make_shared<TlsContext>(theirs, TlsOptions{.clientCertificates = ClientCertificates::NotAsked});
    Side server(engine(context));
    Side client(engine(this->client()));
    converse(server.party, client.party, server->listen(anywhere()).address);
    EXPECT_EQ(context->certificate()->subject, "CN=server");
    EXPECT_EQ(context->stats().handshakes, 1U);
    EXPECT_THROW(context->reload(), Error);
}

TEST_F(TlsConversation, NothingGoesInTheClear) {
    raw::Server listener;
    Side client(engine(this->client()));
    client->sayHello(TlsClientAddress("localhost", listener.port()));
    raw::Peer peer = listener.accept();
    const Bytes first = peer.receive(200);
    ASSERT_FALSE(first.empty());
    EXPECT_EQ(first.front(), std::byte{22});  // a handshake record
    const std::string text(reinterpret_cast<const char*>(first.data()), first.size());
    EXPECT_EQ(text.find("connect_to"), std::string::npos);
    EXPECT_NE(text.find("localhost"), std::string::npos);  // SNI
    EXPECT_NE(text.find("tempeh/1"), std::string::npos);   // ALPN
    peer.close();
    client->waitFor(OpCode::HelloResponse, Status::PeerDisconnected);
}

TEST_F(TlsConversation, AddressesAreAddresses) {
    const Address client = TlsClientAddress{"host", 7};
    const Address server = TlsServerAddress{};
    EXPECT_EQ(toString(client), "tls|host|7");
    EXPECT_EQ(toString(server), "tls||7099");
    Side side(engine(this->client()));
    for (const char* const wrong : {"tls|host|x", "tls|host|0", "tls|a b|1"}) {
        MessagePtr hello = side->makeFor(client);
        hello->textHeaders.set(wire::connectToHeader, wrong);
        EXPECT_EQ(side->tryPost(hello), Status::InvalidAddress) << wrong;
    }
}

TEST_F(TlsConversation, AnEngineWithoutCertificatesSaysSo) {
    const TlsContext known(client());  // the process has the scheme, the engine nothing for it
    Side side;
    side->sayHello(TlsClientAddress("127.0.0.1", 1));
    EXPECT_THAT(reasonOf(*side->next(OpCode::HelloResponse, Status::ConnectFailed)),
                HasSubstr("Options::tls"));
    Side other(engine(client()));
    other->post(other->makeFor(anywhere()));
    EXPECT_THAT(reasonOf(*other->next(OpCode::WelcomeResponse, Status::ListenFailed)),
                HasSubstr("TlsOptions::certificateChainFile"));
}

}  // namespace
}  // namespace tempeh::test
