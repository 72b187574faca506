// Every way of being a nuisance: what the application is told, and that others are served meanwhile.
// TEMPEH_HOSTILE_TABLE=FILE writes the table that docs/reliability.md shows.

#include "hostile/table.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>

namespace tempeh::test::hostile {

namespace {

std::vector<Case> allCases() {
    std::vector<Case> all;
    for (std::vector<Case> some : {slowPeers(), lostPeers(), nonsensePeers(), oddByes()})
        std::ranges::move(some, std::back_inserter(all));
    return all;
}

/// Rows in the order of the cases, written at the end of the program.
class Table : public ::testing::Environment {
public:
    static Table& instance() {
        static auto* const table = new Table;  // GoogleTest's, which deletes it
        return *table;
    }
    void add(const Case& one, const std::string& result) { results_[one.name] = result; }
    void TearDown() override {
        const char* const path = std::getenv("TEMPEH_HOSTILE_TABLE");
        if (path == nullptr) return;
        std::ofstream file(path);
        file << "| a peer that | the application sees | others |\n|---|---|---|\n";
        std::set<std::string> written;  // of a family the first
        for (const Case& one : allCases())
            if (const auto found = results_.find(one.name);
                found != results_.end() && written.insert(one.input).second)
                file << "| " << one.input << " | " << found->second << " | served |\n";
    }

private:
    std::map<std::string, std::string> results_;
};

[[maybe_unused]] const auto* const registered = ::testing::AddGlobalTestEnvironment(&Table::instance());

class HostilePeer : public ::testing::TestWithParam<std::tuple<Transport, Case>> {
protected:
    const Case& one() const { return std::get<Case>(GetParam()); }
    Transport transport() const { return std::get<Transport>(GetParam()); }

    std::string expectNothingSeen(Scene& scene, raw::Peer& peer) {
        if (peer.isOpen()) {
            EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
        }
        scene.honest->expectService();
        EXPECT_EQ(scene.server.unseen(), 0U);
        return "nothing";
    }
    std::string expectClosed(Scene& scene) {
        const Seen closed = scene.server.nextClosed();
        EXPECT_EQ(closed.channel, scene.channel);
        EXPECT_THAT(closed.reason, ::testing::StartsWith(one().status));
        EXPECT_THAT(closed.reason, ::testing::HasSubstr(one().reason));
        EXPECT_THAT(closed.peer,
                    ::testing::StartsWith(transport() == Transport::Tcp ? "tcp|127.0.0.1|" : "uds|"));
        scene.honest->expectService();
        EXPECT_EQ(scene.server.unseen(), 0U) << "that was the last of it";
        return "`ChannelClosed`, \"" + closed.reason + "\"";
    }
    std::string expectItGoesOn(Scene& scene, raw::Peer& peer) {
        peer.send(raw::Frame{.proto = 2, .id = 99, .body = "works"}.bytes());
        EXPECT_EQ(scene.server.next().body, "works");
        return "its messages; the channel stays";
    }
};

TEST_P(HostilePeer, CostsItsOwnChannel) {
    Scene scene(one().options, transport());
    raw::Peer peer = one().afterHello ? scene.connectAndSayHello() : scene.server.connect();
    one().act(scene, peer);
    std::string result;
    switch (one().sees) {
        case Sees::Nothing:
            result = expectNothingSeen(scene, peer);
            break;
        case Sees::Closed:
            result = expectClosed(scene);
            break;
        case Sees::Messages:
            result = expectItGoesOn(scene, peer);
            break;
    }
    const EngineStats stats = scene.server.stats();
    if (one().counter != nullptr) {
        EXPECT_EQ(stats.*one().counter, 1U);
    }
    const std::uint64_t expected = one().counter == &EngineStats::violations ? 1 : 0;
    EXPECT_EQ(stats.violations, expected);
    if (one().counter == &EngineStats::violations && one().sees == Sees::Nothing) result += " (`violations`)";
    if (one().counter == &EngineStats::helloTimeouts) result += " (`helloTimeouts`)";
    if (transport() == Transport::Tcp) Table::instance().add(one(), result);
}

INSTANTIATE_TEST_SUITE_P(Tcp, HostilePeer,
                         ::testing::Combine(::testing::Values(Transport::Tcp),
                                            ::testing::ValuesIn(allCases())),
                         [](const auto& tested) { return std::get<Case>(tested.param).name; });
INSTANTIATE_TEST_SUITE_P(Unix, HostilePeer,
                         ::testing::Combine(::testing::Values(Transport::Uds),
                                            ::testing::ValuesIn(allCases())),
                         [](const auto& tested) { return std::get<Case>(tested.param).name; });

}  // namespace

}  // namespace tempeh::test::hostile
