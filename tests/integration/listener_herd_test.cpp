// Clients that all come at once: each gets in, however few may be without a hello at one time.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

#include <boost/asio/post.hpp>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <atomic>
#include <set>
#include <sstream>

namespace tempeh::test {
namespace {

constexpr std::size_t herdSize = 100;

/// A server that is busy elsewhere while the herd comes.
class BusyServer {
public:
    explicit BusyServer(const Address& where)
        : side_(Options{.helloTimeout = patience, .maxHandshakesPerListener = 16})
        , listening_(side_->listen(where)) {
        const auto busy = std::make_shared<std::promise<void>>();
        std::future<void> isBusy = busy->get_future();
        asio::post(side_.reactor.executor(), [busy, until = goOn_.get_future().share()] {
            busy->set_value();
            until.wait();
        });
        isBusy.wait();
    }
    raw::Peer connect() const {
        if (const auto* uds = std::get_if<UdsClientAddress>(&listening_.address))
            return raw::Peer::connectTo(uds->path);
        return raw::Peer::connectTo(std::get<TcpClientAddress>(listening_.address).port);
    }
    void goOn() { goOn_.set_value(); }
    Party& party() { return side_.party; }
    EngineStats stats() const { return side_.reactor.stats(); }

private:
    Side side_;
    Listening listening_;
    std::promise<void> goOn_;
};

class Herd : public ::testing::TestWithParam<Address> {};

INSTANTIATE_TEST_SUITE_P(At, Herd, ::testing::Values(localTcp(), Address(UdsServerAddress{})),
                         [](const auto& tested) { return tested.index == 0 ? "Tcp" : "Unix"; });

TEST_P(Herd, ThatSaidHelloBeforeItWasAcceptedGetsInWhole) {
    BusyServer server(GetParam());
    std::vector<raw::Peer> herd;
    for (std::size_t i = 0; i < herdSize; ++i) {
        herd.push_back(server.connect());
        herd.back().send(fromHex("00010300000000000000000100000000"));  // a HelloRequest
    }
    server.goOn();
    std::set<ChannelNumber> seen;
    while (seen.size() != herdSize)
        seen.insert(server.party().next(OpCode::HelloRequest)->header.channelNumber);
    EXPECT_EQ(server.stats().droppedHandshakes, 0U);
}

/// The others wait to be accepted, and lose nothing.
TEST_P(Herd, OfWhichTheFirstOnesAreSlowGetsInWhole) {
    BusyServer server(GetParam());
    std::vector<raw::Peer> herd;
    for (std::size_t i = 0; i < herdSize; ++i)
        herd.push_back(server.connect());
    server.goOn();
    for (raw::Peer& peer : herd)
        peer.send(fromHex("00010300000000000000000100000000"));
    std::set<ChannelNumber> seen;
    while (seen.size() != herdSize)
        seen.insert(server.party().next(OpCode::HelloRequest)->header.channelNumber);
    EXPECT_EQ(server.stats().droppedHandshakes, 0U);
}

TEST_P(Herd, ThatIsSilentDoesNotKeepAListenerFromClosing) {
    BusyServer server(GetParam());
    std::vector<raw::Peer> herd;
    for (std::size_t i = 0; i < 20; ++i)
        herd.push_back(server.connect());
    server.goOn();
    EXPECT_TRUE(eventually([&] { return server.stats().accepted == 16; }));
    EXPECT_TRUE(server.party().engine().shutdown(patience).complete);
    for (raw::Peer& peer : herd)
        EXPECT_NE(peer.waitForEnd(), raw::End::NotYet);
}

/// A listener that goes with its engine is not ill.
TEST(HerdThatComesDuringAShutdown, IsNoFailureOfTheListeners) {
    for (int round = 0; round < 20; ++round) {
        std::ostringstream log;
        const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log, true);
        std::atomic<bool> isOver{false};
        {
            Side server(Options{.logger = std::make_shared<spdlog::logger>("test", sink)});
            const Listening listening = server->listen(localTcp());
            std::thread clients([&isOver, port = std::get<TcpServerAddress>(listening.bound).port] {
                std::vector<raw::Peer> connected;
                while (!isOver && connected.size() < 500) {
                    try {
                        connected.push_back(raw::Peer::connectTo(port));
                    } catch (const std::runtime_error&) {
                        return;  // nobody listens any more
                    }
                }
            });
            while (server.reactor.stats().accepted < 20)
                std::this_thread::yield();
            server.reactor.shutdown(patience);
            isOver = true;
            clients.join();
            EXPECT_EQ(server.reactor.stats().acceptFailures, 0U);
        }
        EXPECT_EQ(log.str().find("cannot accept"), std::string::npos) << log.str();
    }
}

}  // namespace
}  // namespace tempeh::test
