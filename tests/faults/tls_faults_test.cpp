// Every allocation and every system call fails in its turn, those of the handshake included. OpenSSL's own
// allocations do not fail.

#include "faults/campaign.hpp"
#include "support/scale.hpp"
#include "tls/certificates.hpp"

#include <tempeh/tls.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace tempeh::faults {
namespace {

/// Both sides have a certificate, and no session is resumed: each run does all of the handshake.
Options withCertificates() {
    const test::Folder folder;
    const test::Authority ca("CA");
    const test::Identity identity = ca.issue();
    Options options = shortTimeouts();
    options.tls = std::make_shared<TlsContext>(
        TlsOptions{.certificateChainFile = folder.write("one.pem", identity.chain),
                   .privateKeyFile = folder.write("one.key", identity.key),
                   .caFile = folder.write("ca.pem", ca.pem()),
                   .resumesSessions = false,
                   .handshakeTimeout = options.helloTimeout});
    return options;
}

void endureOverTls(const std::string& name, std::span<const Kind> kinds,
                   const std::vector<std::size_t>& bodies) {
    const Spared spared;
    Script script{.net = Net::Tls, .bodies = bodies};
    Arena arena(Home::OwnThread, script, withCertificates());
    const Tally tally = campaign("tls, " + name, kinds, [&arena] { return arena.run(); });
    EXPECT_EQ(tally.wrong, "");
    EXPECT_GT(tally.injected, 0U);
}

TEST(TlsFaults, OfMemory) {
    constexpr Kind kinds[] = {Kind::Allocation};
    endureOverTls("memory", kinds, {16, 300});
}

TEST(TlsFaults, OfSystemCalls) {
    if (test::fromEnvironment("TEMPEH_FAULTS", 0) == 0)
        GTEST_SKIP() << "scripts/test --full runs it, or TEMPEH_FAULTS=1";
    endureOverTls("calls", systemCalls(), {16, 300});
}

TEST(TlsFaults, OfSendingAndReceiving) {
    constexpr Kind kinds[] = {Kind::Send, Kind::Receive, Kind::EpollControl};
    endureOverTls("sending and receiving", kinds, {16, 20'000});
}

}  // namespace
}  // namespace tempeh::faults
