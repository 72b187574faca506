// New certificates while connections are open, and sessions that are resumed.

#include "tls/tls_fixture.hpp"

#include <boost/asio/ssl/context.hpp>

#include <atomic>
#include <thread>

namespace tempeh::test {
namespace {

using ::testing::HasSubstr;

class TlsReload : public TlsTest {
protected:
    std::string certificateAt(Side& client, ChannelNumber channel) {
        return client->channels.channelInfo(channel).peerCertificate->fingerprint;
    }
    /// A connection of the client to the server, hello exchanged.
    static ChannelNumber enter(Side& server, Side& client, const Address& address) {
        client->sayHello(address);
        server->acceptHello();
        return client->next(OpCode::HelloResponse)->header.channelNumber;
    }
};

TEST_F(TlsReload, NewConnectionsGetTheNewCertificate) {
    const auto context = std::make_shared<TlsContext>(server());
    Link link(engine(context), engine(client()), anywhere());
    const std::string before = certificateAt(link.client, link.atClient);
    EXPECT_EQ(context->certificate()->fingerprint, before);
    with(ca.issue());  // into the same files
    context->reload();
    const ChannelNumber later = enter(link.server, link.client, link.listening.address);
    EXPECT_NE(certificateAt(link.client, later), before);
    EXPECT_EQ(certificateAt(link.client, later), context->certificate()->fingerprint);
    EXPECT_EQ(certificateAt(link.client, link.atClient), before);
    link.client->post(OpCode::Signal, link.atClient, "still here");
    EXPECT_EQ(link.server->next(OpCode::Signal)->body.view(), "still here");
    EXPECT_EQ(context->stats().reloads, 1U);
}

TEST_F(TlsReload, ABadCertificateLeavesTheLastGoodOne) {
    const auto context = std::make_shared<TlsContext>(server());
    const std::string good = context->certificate()->fingerprint;
    folder.write("server.key", ca.issue().key);  // of another certificate
    try {
        context->reload();
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("TlsOptions::privateKeyFile"));
    }
    error_code ec;
    context->reload(ec);
    EXPECT_EQ(ec, Status::InvalidOption);
    EXPECT_EQ(context->stats().reloads, 0U);
    Link link(engine(context), engine(client()), anywhere());
    EXPECT_EQ(certificateAt(link.client, link.atClient), good);
}

TEST_F(TlsReload, UnderLoadNothingIsLost) {
    const auto context = std::make_shared<TlsContext>(server());
    const auto clients = std::make_shared<TlsContext>(client());
    Side server(engine(context));
    const Listening listening = server->listen(anywhere());
    std::atomic<bool> isDone{false};
    std::thread reloading([&] {
        while (!isDone) {
            context->reload();
            clients->reload();
        }
    });
    Side client(engine(clients));
    for (int i = 0; i < 30; ++i)
        converse(server.party, client.party, listening.address);
    isDone = true;
    reloading.join();
    EXPECT_EQ(context->stats().failures, 0U);
}

TEST_F(TlsReload, ASecondConnectionResumesTheFirst) {
    const auto server = std::make_shared<TlsContext>(mutualServer());
    const auto client = std::make_shared<TlsContext>(mutualClient());
    Link link(engine(server), engine(client), anywhere());
    EXPECT_EQ(client->stats().resumed, 0U);
    const ChannelNumber again = enter(link.server, link.client, link.listening.address);
    EXPECT_EQ(client->stats().resumed, 1U);
    EXPECT_EQ(server->stats().resumed, 1U);
    const ChannelInfo info = link.client->channels.channelInfo(again);
    ASSERT_NE(info.peerCertificate, nullptr);
    EXPECT_TRUE(info.peerCertificate->isVerified);
    client->reload();  // forgets them
    enter(link.server, link.client, link.listening.address);
    EXPECT_EQ(client->stats().resumed, 1U);
    server->reload();  // has other keys for tickets
    enter(link.server, link.client, link.listening.address);
    EXPECT_EQ(client->stats().resumed, 1U);
    EXPECT_EQ(client->stats().handshakes, 4U);
}

TEST_F(TlsReload, AResumedClientIsKnown) {
    Side server(engine(mutualServer()));
    Side client(engine(mutualClient()));
    const Listening listening = server->listen(anywhere());
    for (int i = 0; i < 2; ++i) {
        client->sayHello(listening.address);
        const ChannelNumber channel = server->acceptHello();
        const auto certificate = server->channels.channelInfo(channel).peerCertificate;
        ASSERT_NE(certificate, nullptr);
        EXPECT_EQ(certificate->subject, "CN=client");
        EXPECT_TRUE(certificate->isVerified);
        client->next(OpCode::HelloResponse);
    }
    EXPECT_EQ(client.reactor.stats().connected, 2U);
}

TEST_F(TlsReload, ResumptionCanBeOff) {
    TlsOptions options = client();
    options.resumesSessions = false;
    const auto context = std::make_shared<TlsContext>(options);
    Side server(engine(this->server()));
    Side client(engine(context));
    const Listening listening = server->listen(anywhere());
    for (int i = 0; i < 3; ++i)
        enter(server, client, listening.address);
    EXPECT_EQ(context->stats().resumed, 0U);
}

}  // namespace
}  // namespace tempeh::test
