// What is wrong with a handshake is said on both sides, as far as the protocol lets them know.

#include "support/raw_peer.hpp"
#include "tls/tls_fixture.hpp"

namespace tempeh::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TlsRefusal : public TlsTest {
protected:
    /// Connects, which fails. Of TLS 1.3 a client hears only after its own side of the handshake that it is
    /// refused: either way its hello comes back.
    std::string reasonAtClient(TlsOptions server, TlsOptions client, const std::string& host = "localhost") {
        server.onFailure = atServer.hook();
        Side listener(engine(std::move(server)));
        Side connecting(engine(std::move(client)));
        const Listening listening = listener->listen(anywhere());
        connecting->sayHello(TlsClientAddress(host, portOf(listening.bound)));
        const MessagePtr answer = connecting->next();
        EXPECT_EQ(answer->header.opCode, OpCode::HelloResponse);
        EXPECT_THAT(statusOf(*answer), AnyOf(Status::ConnectFailed, Status::PeerDisconnected));
        connecting->nextClosed(answer->header.channelNumber);
        serverSays = atServer.first();
        listener->expectNothingMore();  // nobody there has heard of the client
        return reasonOf(*answer);
    }
    /// Refuses the certificate of a server, or of a client.
    void expectServerRefused(const Identity& identity, const char* why, const char* heard) {
        EXPECT_THAT(reasonAtClient(with(identity), client()), HasSubstr(why));
        EXPECT_THAT(serverSays, HasSubstr(heard));
    }
    void expectClientRefused(TlsOptions client, const char* why, const char* heard) {
        EXPECT_THAT(reasonAtClient(mutualServer(), trusting(std::move(client))), HasSubstr(heard));
        EXPECT_THAT(serverSays, HasSubstr(why));
    }

    Failures atServer;
    std::string serverSays;
};

TEST_F(TlsRefusal, OfAServerOfAnUnknownCa) {
    expectServerRefused(Authority("Other CA").issue(), "no trusted CA has signed it",
                        "it does not trust the CA");
}

TEST_F(TlsRefusal, OfAnExpiredServer) {
    expectServerRefused(ca.issue({.fromDay = -20, .toDay = -10}), "has expired", "it has expired");
}

TEST_F(TlsRefusal, OfAServerThatIsNotValidYet) {
    expectServerRefused(ca.issue({.fromDay = 10, .toDay = 20}), "is not valid yet", "not valid yet");
}

TEST_F(TlsRefusal, OfAServerOfAnotherName) {
    expectServerRefused(ca.issue({.alternativeNames = "DNS:elsewhere"}), "another host", "another host");
}

TEST_F(TlsRefusal, OfAServerWithAClientsCertificate) {
    expectServerRefused(ca.issue({.usage = "clientAuth"}), "key usage", "key usage");
}

TEST_F(TlsRefusal, OfAServerThatSendsNoIntermediateCertificate) {
    Identity identity = Authority("Middle CA", ca).issue();
    const std::string end = "-----END CERTIFICATE-----\n";
    identity.chain.resize(identity.chain.find(end) + end.size());
    expectServerRefused(identity, "intermediate", "intermediate");
}

TEST_F(TlsRefusal, OfARevokedServer) {
    const Identity revoked = ca.issue();
    TlsOptions wary = client();
    wary.crlFile = folder.write("crl.pem", ca.revoke({revoked.serial}));
    EXPECT_THAT(reasonAtClient(with(revoked), wary), HasSubstr("revoked"));
    EXPECT_THAT(serverSays, HasSubstr("revoked"));
}

TEST_F(TlsRefusal, OfAServerWhoseCaHasNoRevocationList) {
    TlsOptions wary = client();
    wary.crlFile = folder.write("crl.pem", Authority("Other CA").revoke({1}));
    EXPECT_THAT(reasonAtClient(server(), wary), HasSubstr("TlsOptions::crlFile"));
}

TEST_F(TlsRefusal, AnIntermediateCertificateThatIsSentIsFine) {
    Side listener(engine(with(Authority("Middle CA", ca).issue())));
    Side connecting(engine(client()));
    converse(listener.party, connecting.party, listener->listen(anywhere()).address);
}

TEST_F(TlsRefusal, ACertificateThatIsNotRevokedIsFine) {
    const Identity revoked = ca.issue();
    TlsOptions wary = client();
    wary.crlFile = folder.write("crl.pem", ca.revoke({revoked.serial}));
    Side listener(engine(server()));
    Side connecting(engine(wary));
    converse(listener.party, connecting.party, listener->listen(anywhere()).address);
}

TEST_F(TlsRefusal, OfAServerWhoseAddressIsNotInItsCertificate) {
    EXPECT_THAT(reasonAtClient(with(ca.issue({.alternativeNames = "DNS:localhost"})), client(), "127.0.0.1"),
                HasSubstr("another host"));
}

TEST_F(TlsRefusal, TheNameExpectedCanBeAnother) {
    TlsOptions named = client();
    named.expectedName = "elsewhere";
    Side listener(engine(with(ca.issue({.alternativeNames = "DNS:elsewhere"}))));
    Side connecting(engine(named));
    converse(listener.party, connecting.party, listener->listen(anywhere()).address);
}

TEST_F(TlsRefusal, OfAClientWithoutACertificate) {
    expectClientRefused(client(), "presented no certificate", "requires a certificate");
}

TEST_F(TlsRefusal, OfAClientOfAnUnknownCa) {
    expectClientRefused(with(Authority("Other CA").issue(), "client"), "no trusted CA has signed it",
                        "does not trust the CA");
}

TEST_F(TlsRefusal, OfAnExpiredClient) {
    expectClientRefused(with(ca.issue({.fromDay = -20, .toDay = -10}), "client"), "has expired",
                        "it has expired");
}

TEST_F(TlsRefusal, OfAClientWithAServersCertificate) {
    expectClientRefused(with(ca.issue({.usage = "serverAuth"}), "client"), "key usage", "key usage");
}

TEST_F(TlsRefusal, OfAClientBelowTls13) {
    TlsOptions modern = mutualServer();
    TlsOptions old = mutualClient();
    old.minVersion = TlsVersion::Tls12;
    auto theirs = std::make_shared<TlsContext>(old);
    modern.minVersion = TlsVersion::Tls13;
    Side listener(engine(modern));
    Side connecting(engine(theirs));
    converse(listener.party, connecting.party, listener->listen(anywhere()).address);  // both can do 1.3
}

TEST_F(TlsRefusal, OfAnotherApplicationProtocol) {
    TlsOptions other = client();
    other.applicationProtocol = "h2";
    EXPECT_THAT(reasonAtClient(server(), other), HasSubstr("TlsOptions::applicationProtocol"));
}

TEST_F(TlsRefusal, OfAClientInTheClear) {
    TlsOptions options = server();
    options.onFailure = atServer.hook();
    Side listener(engine(options));
    Side connecting;
    const std::uint16_t port = portOf(listener->listen(anywhere()).bound);
    connecting->sayHello(TcpClientAddress("127.0.0.1", port));
    connecting->next(OpCode::HelloResponse, Status::PeerDisconnected);
    EXPECT_THAT(atServer.first(), HasSubstr("does not speak TLS"));
    listener->expectNothingMore();
}

TEST_F(TlsRefusal, OfAServerInTheClear) {
    Side listener;
    Side connecting(engine(client()));
    const std::uint16_t port = portOf(listener->listen(localTcp()).bound);
    connecting->sayHello(TlsClientAddress("127.0.0.1", port));
    const MessagePtr answer = connecting->next(OpCode::HelloResponse, Status::PeerDisconnected);
    EXPECT_THAT(reasonOf(*answer), HasSubstr("does it speak TLS?"));
}

TEST_F(TlsRefusal, OfAServerThatAnswersInTheClear) {
    raw::Server listener;
    Side connecting(engine(client()));
    connecting->sayHello(TlsClientAddress("127.0.0.1", listener.port()));
    raw::Peer peer = listener.accept();
    peer.send(toBytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const MessagePtr answer = connecting->next(OpCode::HelloResponse, Status::ConnectFailed);
    EXPECT_THAT(reasonOf(*answer), HasSubstr("does not speak TLS"));
}

/// What the constructor says of an option.
std::string refusalOf(const TlsOptions& options) {
    try {
        const TlsContext context(options);
        return "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), Status::InvalidOption);
        return error.what();
    }
}

TEST_F(TlsRefusal, OfFilesNamesThem) {
    const Identity one = ca.issue();
    TlsOptions options = with(one);
    EXPECT_EQ(refusalOf(options), "accepted");
    options.privateKeyFile = folder.write("other.key", ca.issue().key);
    EXPECT_THAT(refusalOf(options), HasSubstr("TlsOptions::privateKeyFile"));
    EXPECT_THAT(refusalOf(options), HasSubstr("key values mismatch"));
    options.privateKeyFile = {};
    EXPECT_THAT(refusalOf(options), HasSubstr("go together"));
    options = with(one);
    options.certificateChainFile = folder.path("missing.pem");
    EXPECT_THAT(refusalOf(options), HasSubstr("missing.pem\": No such file"));
    options.certificateChainFile = folder.write("empty.pem", "");
    EXPECT_THAT(refusalOf(options), HasSubstr("no start line"));
    EXPECT_THAT(refusalOf({.caFile = folder.path("missing.pem")}), HasSubstr("TlsOptions::caFile"));
    EXPECT_THAT(refusalOf({.crlFile = folder.path("missing.pem")}), HasSubstr("TlsOptions::crlFile"));
    EXPECT_THAT(refusalOf({.ciphers = "nonsense"}), HasSubstr("TlsOptions::ciphers"));
    EXPECT_THAT(refusalOf({.cipherSuites = "nonsense"}), HasSubstr("TlsOptions::cipherSuites"));
    EXPECT_THAT(refusalOf({.clientCertificates = ClientCertificates::Required}),
                HasSubstr("TlsOptions::caFile"));
    EXPECT_THAT(refusalOf({.applicationProtocol = std::string(256, 'x')}), HasSubstr("255"));
    EXPECT_THAT(refusalOf({.handshakeTimeout = 0s}), HasSubstr("TlsOptions::handshakeTimeout"));
}

}  // namespace
}  // namespace tempeh::test
