// Two machines and a cable: pulled and put back under load.

#include "network/namespaces.hpp"
#include "network/server_process.hpp"
#include "support/flows_fixture.hpp"
#include "support/numbered_requests.hpp"
#include "support/scale.hpp"
#include "support/tally.hpp"

#include <array>
#include <atomic>
#include <optional>

namespace tempeh::test {
namespace {

using flows::LinkState;
using flows::Peer;
using flows::ReconnectingPeer;

class Network : public ::testing::Test {
protected:
    static void SetUpTestSuite() { whyNot_ = Namespaces::whyNot(); }
    void SetUp() override {
        if (!whyNot_.empty()) GTEST_SKIP() << whyNot_;
        namespaces_.emplace();
        server_.emplace(namespaces_->server(), Namespaces::serverAddress);
        address_ = TcpClientAddress{Namespaces::serverAddress, server_->port()};
    }
    void TearDown() override {
        if (server_) {
            EXPECT_TRUE(server_->endsClean());
        }
    }

    /// The test's body, in the clients' namespace, with an engine there.
    void onClients(const Options& options, const std::function<void(Reactor&)>& body) {
        runIn(namespaces_->client(), [&] {
            Reactor reactor(options);
            body(reactor);
        });
    }
    asio::awaitable<void> connectInto(Reactor* reactor, Peer* peer) {
        const std::array<TextHeader, 1> headers{TextHeader{clientHeader, "client"}};
        flows::ConnectOptions options{.attempts = 0};
        options.headers = headers;
        *peer = co_await flows::connect(*reactor, address_, options);
    }
    Peer connect(Reactor& reactor) {
        Peer peer;
        run(reactor.executor(), connectInto(&reactor, &peer));
        return peer;
    }
    ReconnectingPeer link(Reactor& reactor, flows::Unanswered unanswered) {
        const std::array<TextHeader, 1> headers{TextHeader{clientHeader, "client"}};
        flows::ReconnectOptions options{.backoff = {.initial = 5ms, .max = 50ms},
                                        .attemptTimeout = 500ms,
                                        .unanswered = unanswered,
                                        .heartbeat = {.interval = 50ms, .silence = 1s}};
        options.headers = headers;
        return ReconnectingPeer(reactor, address_, options);
    }
    /// What the server has seen of the client, as it says.
    template <typename Link>
    std::string tally(Reactor& reactor, Link link) {
        std::string text;
        run(reactor.executor(), [](Link over, std::string* result) -> asio::awaitable<void> {
            MessagePtr question = over.newMessage(OpCode::Request);
            question->textHeaders.append(wantHeader, wantTally);
            const MessagePtr answer = co_await over.request(std::move(question));
            *result = std::string(answer->body.view());
        }(link, &text));
        return text;
    }
    static std::uint64_t valueOf(const std::string& tally, const std::string& name) {
        const std::size_t place = tally.find(" " + name + "=");
        if (place == std::string::npos) throw std::runtime_error("no " + name + " in: " + tally);
        return std::stoull(tally.substr(place + name.size() + 2));
    }
    static bool goesOn(const Asked& asked) {
        const std::uint64_t seen = asked.answered;
        return eventually([&] { return asked.answered >= seen + 50; });
    }

    std::optional<Namespaces> namespaces_;
    std::optional<ServerProcess> server_;
    Address address_;
    static inline std::string whyNot_;
};

TEST_F(Network, AShortCutLosesNothingAndEndsNothing) {
    onClients({}, [this](Reactor& reactor) {
        const Peer peer = connect(reactor);
        Asked asked;
        std::vector<Running> askers;
        for (int i = 0; i < 8; ++i)
            askers.emplace_back(reactor.executor(), askUntilStopped(peer, &asked));
        std::atomic<int> silences{0};
        const flows::Heartbeat heartbeat(peer, {.interval = 20ms, .silence = 300ms},
                                         [&silences](const Peer&) { ++silences; });
        for (int i = 1; i <= 2; ++i) {
            ASSERT_TRUE(goesOn(asked));
            const int before = silences;
            namespaces_->cut();
            EXPECT_TRUE(eventually([&] { return silences > before; }));
            namespaces_->restore();
            ASSERT_TRUE(goesOn(asked)) << "nothing came after the cable was back";
        }
        asked.isStopping = true;
        askers.clear();
        const std::string seen = tally(reactor, peer);
        EXPECT_EQ(asked.answered, asked.begun);
        EXPECT_EQ(asked.wrong, 0U);
        EXPECT_EQ(valueOf(seen, "requests"), asked.begun) << seen;
        EXPECT_EQ(valueOf(seen, "duplicates"), 0U) << seen;
        EXPECT_TRUE(peer.isOpen());
    });
}

TEST_F(Network, AHeartbeatNoticesTheCutAndTheChannelSaysWhy) {
    onClients({}, [this](Reactor& reactor) {
        const Peer peer = connect(reactor);
        const flows::Heartbeat heartbeat(peer, {.interval = 20ms, .silence = 300ms});
        Asked asked;
        std::vector<Running> askers;
        for (int i = 0; i < 4; ++i)
            askers.emplace_back(reactor.executor(), askUntilStopped(peer, &asked));
        ASSERT_TRUE(goesOn(asked));
        namespaces_->cut();
        std::string reason;
        run(reactor.executor(), [](Peer cut, std::string* why) -> asio::awaitable<void> {
            try {
                co_await cut.receive(patience);
            } catch (const Error& error) {
                EXPECT_EQ(error.status(), Status::ChannelClosed);
                *why = error.what();
            }
        }(peer, &reason));
        asked.isStopping = true;
        askers.clear();
        EXPECT_NE(reason.find(toString(address_)), std::string::npos) << reason;
        EXPECT_EQ(heartbeat.counters().silences, 1U);
        EXPECT_EQ(asked.begun, asked.answered + asked.failed);
        EXPECT_FALSE(peer.isOpen());
        namespaces_->restore();
    });
}

TEST_F(Network, ALinkComesBackAndEveryRequestEndsOnce) {
    onClients({}, [this](Reactor& reactor) {
        const ReconnectingPeer link = this->link(reactor, flows::Unanswered::Fail);
        Asked asked;
        std::vector<Running> askers;
        for (int i = 0; i < 8; ++i)
            askers.emplace_back(reactor.executor(), askUntilStopped(link, &asked));
        for (std::uint64_t i = 1; i <= 3; ++i) {
            ASSERT_TRUE(goesOn(asked)) << "the link did not come back";
            namespaces_->cut();
            EXPECT_TRUE(eventually([&] { return link.counters().losses >= i; }));
            namespaces_->restore();
        }
        ASSERT_TRUE(goesOn(asked)) << "the link did not come back";
        asked.isStopping = true;
        askers.clear();
        const std::string seen = tally(reactor, link);
        EXPECT_EQ(asked.begun, asked.answered + asked.failed);
        EXPECT_EQ(asked.wrong, 0U);
        EXPECT_GT(asked.failed, 0U);
        EXPECT_EQ(valueOf(seen, "duplicates"), 0U) << seen;
        EXPECT_GE(valueOf(seen, "requests"), asked.answered) << seen;
        EXPECT_LE(valueOf(seen, "requests"), asked.begun) << seen;
    });
}

TEST_F(Network, ALinkToldToSendAgainHasEveryAnswer) {
    onClients({}, [this](Reactor& reactor) {
        const ReconnectingPeer link = this->link(reactor, flows::Unanswered::SendAgain);
        Asked asked;
        std::vector<Running> askers;
        for (int i = 0; i < 8; ++i)
            askers.emplace_back(reactor.executor(), askUntilStopped(link, &asked));
        ASSERT_TRUE(goesOn(asked));
        namespaces_->cut();
        EXPECT_TRUE(eventually([&] { return link.counters().losses >= 1; }));
        namespaces_->restore();
        ASSERT_TRUE(goesOn(asked)) << "the link did not come back";
        asked.isStopping = true;
        askers.clear();
        const std::string seen = tally(reactor, link);
        EXPECT_EQ(asked.answered, asked.begun);
        EXPECT_EQ(valueOf(seen, "requests"), asked.begun) << seen;
        EXPECT_LE(valueOf(seen, "duplicates"), link.counters().sentAgain) << seen;
    });
}

TEST_F(Network, ConnectingIntoACutFailsInTimeAndSucceedsAfterIt) {
    onClients({.connectTimeout = 200ms}, [this](Reactor& reactor) {
        namespaces_->cut();
        run(reactor.executor(), [](Reactor* engine, Address address) -> asio::awaitable<void> {
            const error_code ec = co_await codeOf(flows::connect(*engine, address));
            EXPECT_EQ(ec, Status::ConnectFailed);
        }(&reactor, address_));
        namespaces_->restore();
        EXPECT_TRUE(connect(reactor).isOpen());
    });
}

TEST_F(Network, ClosingOverACutEndsAfterByeTimeout) {
    onClients({.byeTimeout = 200ms, .lingerTimeout = 100ms}, [this](Reactor& reactor) {
        const Peer peer = connect(reactor);
        namespaces_->cut();
        run(reactor.executor(), [](Peer closed) -> asio::awaitable<void> {
            const MessagePtr farewell = co_await closed.close();
            EXPECT_EQ(farewell, nullptr);
            EXPECT_FALSE(closed.isOpen());
        }(peer));
        namespaces_->restore();
    });
}

}  // namespace
}  // namespace tempeh::test
