// Both ends of a TLS session in one thread, without sockets: writes that fail, and sessions that are resumed
// after something has changed.

#include "tls/session.hpp"

#include "tls/certificates.hpp"
#include "tls/memory_stream.hpp"
#include "tls/tls_error.hpp"

#include <boost/asio/ssl/context.hpp>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

namespace tempeh::test {
namespace {

using tls::Session;
using tls::TlsError;

class TlsSession : public ::testing::Test {
protected:
    /// Certificates of `subject`, of a client as well as of a server.
    std::shared_ptr<const tls::Material> materialOf(const Subject& subject) {
        const Identity identity = ca.issue(subject);
        const TlsOptions options{.certificateChainFile = folder.write("one.pem", identity.chain),
                                 .privateKeyFile = folder.write("one.key", identity.key),
                                 .caFile = folder.write("ca.pem", ca.pem())};
        return std::make_shared<const tls::Material>(options, counters);
    }

    const Authority ca{"CA"};
    const Folder folder;
    const std::shared_ptr<tls::Counters> counters = std::make_shared<tls::Counters>();
};

/// A client that connects to a server, until neither says anything more.
struct Encounter {
    Encounter(const std::shared_ptr<const tls::Material>& client,
              const std::shared_ptr<const tls::Material>& server, const std::string& name) {
        const auto asking = Session::ofClient(client, streamOfClient, name, "the same server");
        const auto answering = Session::ofServer(server, streamOfServer);
        for (int turn = 0; turn != 6; ++turn) {
            take(*asking, streamOfClient, streamOfServer, atClient);
            take(*answering, streamOfServer, streamOfClient, atServer);
        }
        asking->sendEnd();  // no session of a connection that broke off is resumed
        answering->sendEnd();
    }
    static void take(Session& session, MemoryStream& from, MemoryStream& to, error_code& ec) {
        std::array<std::byte, 100> nothing;
        session.read(nothing, ec);
        if (ec == asio::error::would_block) ec.clear();
        to.arrived.insert(to.arrived.end(), from.sent.begin(), from.sent.end());
        from.sent.clear();
    }

    MemoryStream streamOfClient;
    MemoryStream streamOfServer;
    error_code atClient;  // cleared: established
    error_code atServer;
};

TEST_F(TlsSession, AWriteThatFailsOnThisSideEndsTheHandshake) {
    MemoryStream stream;
    stream.writeError = asio::error::no_buffer_space;
    const auto session = Session::ofClient(materialOf({}), stream, "localhost", "key");
    error_code ec;
    session->handshake(ec);
    EXPECT_EQ(ec, asio::error::no_buffer_space);
}

TEST_F(TlsSession, WhatAPeerSaidBeforeItLeftIsReadAfterAFailedWrite) {
    MemoryStream stream;
    stream.writeError = asio::error::broken_pipe;
    const auto session = Session::ofClient(materialOf({}), stream, "localhost", "key");
    error_code ec;
    session->handshake(ec);
    EXPECT_EQ(ec, asio::error::would_block);
    for (const int byte : {21, 3, 3, 0, 2, 2, 40})  // an alert: handshake_failure
        stream.arrived.push_back(static_cast<std::byte>(byte));
    session->handshake(ec);
    EXPECT_NE(ec.message().find("the peer finds nothing both sides can do"), std::string::npos)
        << ec.message();
}

TEST_F(TlsSession, NobodyMakesThisSideComputeInALargeFiniteField) {
    const auto server = materialOf({});
    const auto errorWith = [&](const char* keyExchange) {
        const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
        context->use_certificate_chain_file(folder.path("one.pem"));
        context->use_private_key_file(folder.path("one.key"), asio::ssl::context::pem);
        context->load_verify_file(folder.path("ca.pem"));
        EXPECT_EQ(SSL_CTX_set1_groups_list(context->native_handle(), keyExchange), 1);
        const auto client = std::make_shared<const tls::Material>(TlsOptions{}, context, counters);
        return Encounter(client, server, "localhost").atServer;
    };
    EXPECT_EQ(errorWith("P-521"), error_code());
    EXPECT_NE(errorWith("ffdhe8192"), error_code());
}

TEST_F(TlsSession, AResumedSessionIsOfTheNameAskedFor) {
    const auto client = materialOf({});
    const auto server = materialOf({.alternativeNames = "DNS:localhost"});
    EXPECT_EQ(Encounter(client, server, "localhost").atClient, error_code());
    EXPECT_EQ(Encounter(client, server, "elsewhere").atClient, make_error_code(TlsError::WrongName));
    EXPECT_EQ(counters->resumed.get(), 1U);  // the server did not know
}

/// Connects with a certificate for ever longer, until it expires after at least one session was resumed.
template <typename Connect>
error_code untilItExpires(const tls::Counters& counters, Connect connect) {
    for (int seconds = 1; seconds < 10; seconds *= 2) {
        const std::uint64_t before = counters.resumed.get();
        const auto again = connect(Subject{.toDay = 0, .toSecond = seconds});
        error_code ec;
        while (!ec)
            ec = again();
        if (counters.resumed.get() != before) return ec;
    }
    return {};
}

TEST_F(TlsSession, AResumedServerWhoseCertificateHasExpiredIsRefused) {
    const auto client = materialOf({});
    const error_code end = untilItExpires(*counters, [&](const Subject& subject) {
        return [client, server = materialOf(subject)] {
            return Encounter(client, server, "localhost").atClient;
        };
    });
    EXPECT_EQ(end, make_error_code(TlsError::Expired)) << end.message();
}

TEST_F(TlsSession, AResumedClientWhoseCertificateHasExpiredIsRefused) {
    const auto server = materialOf({});
    const error_code end = untilItExpires(*counters, [&](const Subject& subject) {
        return [server, client = materialOf(subject)] {
            return Encounter(client, server, "localhost").atServer;
        };
    });
    EXPECT_EQ(end, make_error_code(TlsError::Expired)) << end.message();
}

}  // namespace
}  // namespace tempeh::test
