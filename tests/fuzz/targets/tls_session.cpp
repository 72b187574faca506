// What arrives at a TLS session: bytes of nobody knows whom, or a real handshake and what follows, of which
// some bytes are changed, lost or come in pieces. Keys and random numbers differ from run to run; which bytes
// are harmed does not.

#include "fuzz/support/fuzz_target.hpp"
#include "fuzz/support/input.hpp"
#include "tls/certificates.hpp"
#include "tls/memory_stream.hpp"
#include "tls/session.hpp"

#include <boost/asio/error.hpp>

#include <array>
#include <memory>
#include <vector>

namespace tempeh::fuzz {
namespace {

namespace asio = boost::asio;
using End = test::MemoryStream;

/// Made once.
struct Certificates {
    Certificates() {
        const test::Folder folder;
        const test::Authority ca("CA");
        const test::Identity identity = ca.issue();
        const TlsOptions options{.certificateChainFile = folder.write("one.pem", identity.chain),
                                 .privateKeyFile = folder.write("one.key", identity.key),
                                 .caFile = folder.write("ca.pem", ca.pem())};
        material = std::make_shared<const tls::Material>(options, std::make_shared<tls::Counters>());
    }
    std::shared_ptr<const tls::Material> material;
};

const std::shared_ptr<const tls::Material>& material() {
    static const Certificates certificates;
    return certificates.material;
}

/// Reads until there is nothing more; true: it may go on.
bool drain(tls::Session& session) {
    std::array<std::byte, 700> buffer;
    error_code ec;
    while (!ec)
        FUZZ_CHECK(session.read(buffer, ec) <= buffer.size());
    if (ec == asio::error::would_block) return true;
    error_code again;
    FUZZ_CHECK(session.read(buffer, again) == 0 && again == ec);  // an end stays what it is
    FUZZ_CHECK(!ec.message().empty());
    return false;
}

void carry(End& from, End& to, Input& input, std::size_t& untilHarm) {
    for (std::byte byte : from.sent) {
        if (untilHarm-- == 0) {
            const unsigned harm = input.choice(4);
            untilHarm = input.word();
            if (harm == 0) continue;  // lost
            if (harm == 1) to.arrived.push_back(static_cast<std::byte>(input.byte()));
            byte ^= static_cast<std::byte>(harm == 2 ? 0 : input.byte());
        }
        to.arrived.push_back(byte);
    }
    from.sent.clear();
}

void ofNobodyKnowsWhom(Input& input, bool isServer) {
    End end;
    const auto session = isServer ? tls::Session::ofServer(material(), end)
                                  : tls::Session::ofClient(material(), end, "localhost", "key");
    while (!input.empty()) {
        end.atOnce = input.byte() + std::size_t{1};
        end.room = input.word();
        const Bytes more = input.take(input.byte());
        end.arrived.insert(end.arrived.end(), more.begin(), more.end());
        if (!drain(*session)) return;
    }
    end.end = asio::error::eof;
    end.room = SIZE_MAX;  // until it has written, it does not read
    FUZZ_CHECK(!drain(*session));
    FUZZ_CHECK(!session->isEstablished());
}

void ofAConversation(Input& input) {
    End atServer;
    End atClient;
    const auto server = tls::Session::ofServer(material(), atServer);
    const auto client = tls::Session::ofClient(material(), atClient, "localhost", "key");
    std::size_t untilHarm = input.word();
    const std::array<std::byte, 300> words{};
    bool goesOn = true;
    for (int turn = 0; turn != 24 && goesOn; ++turn) {
        atServer.atOnce = input.byte() + std::size_t{1};
        const bool isClientFine = drain(*client);
        carry(atClient, atServer, input, untilHarm);
        const bool isServerFine = drain(*server);
        carry(atServer, atClient, input, untilHarm);
        goesOn = isClientFine && isServerFine;
        error_code ec;
        tls::Session& speaker = input.flag() ? *client : *server;
        if (speaker.isEstablished()) speaker.write(std::span(words).first(input.byte()), ec);
        if (input.choice(16) == 1) speaker.sendEnd();
    }
    atServer.end = atClient.end = asio::error::eof;
    FUZZ_CHECK(!drain(*server) && !drain(*client));
}

}  // namespace
}  // namespace tempeh::fuzz

TEMPEH_FUZZ_TARGET(tls_session) {
    tempeh::fuzz::Input script(input);
    switch (script.choice(3)) {
        case 0:
            return tempeh::fuzz::ofNobodyKnowsWhom(script, true);
        case 1:
            return tempeh::fuzz::ofNobodyKnowsWhom(script, false);
        default:
            return tempeh::fuzz::ofAConversation(script);
    }
}
