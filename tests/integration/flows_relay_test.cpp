// Flows through a relay that delays, splits, throttles, stalls, cuts and resets: nothing lost, nothing twice,
// nothing out of order, and every end says why.

#include "support/flows_fixture.hpp"
#include "support/numbered_requests.hpp"
#include "support/relay.hpp"
#include "support/scale.hpp"
#include "support/tally.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

#include <atomic>

namespace tempeh::test {
namespace {

using flows::Peer;
using flows::ReconnectingPeer;
using flows::StreamWriter;
using namespace asio::experimental::awaitable_operators;

Place placeOf(const Address& bound) {
    if (const auto* uds = std::get_if<UdsServerAddress>(&bound)) return {.path = uds->path};
    return {.port = std::get<TcpServerAddress>(bound).port};
}

/// A server that takes notes, and a relay before it.
class FlowsRelay : public ::testing::TestWithParam<Address> {
protected:
    FlowsRelay()
        : server_(serverReactor_, {GetParam()})
        , serving_(serverReactor_.executor(),
                   server_.serve([this](Peer peer) { return book_.serve(std::move(peer)); }))
        , relay_(placeOf(server_.addresses().front()), isUnix() ? temporaryUdsPath() : std::string())
        , address_(isUnix() ? Address(UdsClientAddress{relay_.place().path})
                            : Address(TcpClientAddress{"127.0.0.1", relay_.place().port})) {}
    ~FlowsRelay() override {
        run(serverReactor_.executor(), [](flows::Server* server) -> asio::awaitable<void> {
            const bool isClean = co_await server->stop(patience);
            EXPECT_TRUE(isClean);
        }(&server_));
    }

    static bool isUnix() { return std::holds_alternative<UdsServerAddress>(GetParam()); }
    void setPace(const Pace& pace) {
        for (const Way way : {Way::ToServer, Way::ToClient})
            relay_.setPace(way, pace);
    }
    Peer connect() {
        Peer peer;
        run(client_.executor(), connectInto(&peer));
        return peer;
    }
    asio::awaitable<void> connectInto(Peer* peer) {
        const std::array<TextHeader, 1> headers{TextHeader{clientHeader, "client"}};
        flows::ConnectOptions options;
        options.headers = headers;
        *peer = co_await flows::connect(client_, address_, options);
    }
    ReconnectingPeer link(flows::Unanswered unanswered) {
        const std::array<TextHeader, 1> headers{TextHeader{clientHeader, "client"}};
        flows::ReconnectOptions options{.backoff = {.initial = 1ms, .max = 10ms}, .unanswered = unanswered};
        options.headers = headers;
        return ReconnectingPeer(client_, address_, options);
    }
    Tally tally() { return book_.of("client"); }

    TallyBook book_;
    Reactor serverReactor_;
    Reactor client_;
    flows::Server server_;
    Running serving_;
    Relay relay_;
    Address address_;
};

INSTANTIATE_TEST_SUITE_P(Over, FlowsRelay, ::testing::Values(localTcp(), Address(UdsServerAddress{})),
                         [](const auto& one) { return one.param.index() == 1 ? "Tcp" : "Uds"; });

asio::awaitable<void> sendSignals(Peer peer, std::uint64_t count) {
    for (std::uint64_t number = 1; number <= count; ++number) {
        MessagePtr signal = peer.newMessage(OpCode::Signal);
        putNumber(*signal, number);
        co_await peer.send(std::move(signal));
    }
    co_await peer.request(peer.newMessage(OpCode::Request, "seen?"), patience);
}

asio::awaitable<void> uploadPattern(Peer peer, std::size_t size) {
    const std::string value = pattern(size);
    StreamWriter writer(peer);
    writer.textHeaders().append(wantHeader, wantSum);
    co_await writer.write(value);
    const MessagePtr answer = co_await writer.answer(patience);
    EXPECT_NE(answer, nullptr);
    if (answer != nullptr) {
        EXPECT_EQ(answer->body.view(), std::to_string(checksum(value)));
    }
}

asio::awaitable<void> downloadPattern(Peer peer, std::size_t size) {
    MessagePtr wish = peer.newMessage(OpCode::Request, std::to_string(size));
    wish->textHeaders.append(wantHeader, wantDownload);
    flows::StreamReader reader = co_await flows::requestStream(peer, std::move(wish), patience);
    const std::string got = co_await reader.readAll(size);
    EXPECT_EQ(checksum(got), checksum(pattern(size)));
}

asio::awaitable<void> everything(Peer peer, Asked* asked, std::size_t streamBytes) {
    co_await (askOften(peer, asked, 20) && askOften(peer, asked, 20) && sendSignals(peer, 100) &&
              uploadPattern(peer, streamBytes) && downloadPattern(peer, streamBytes));
    const MessagePtr farewell = co_await peer.close();
    EXPECT_NE(farewell, nullptr);
}

TEST_P(FlowsRelay, EverythingArrivesWhateverThePace) {
    const std::size_t streamBytes = scaled(60'000);
    for (const Pace& pace : {Pace{.chunkBytes = 1}, Pace{.chunkBytes = 17}, Pace{.delay = 3ms},
                             Pace{.delay = 1ms, .chunkBytes = 500, .bytesPerSecond = 4'000'000}}) {
        setPace(pace);
        const Tally before = tally();
        Asked asked;
        run(client_.executor(), everything(connect(), &asked, streamBytes));
        const Tally after = tally();
        EXPECT_EQ(asked.answered, 40U);
        EXPECT_EQ(after.signals - before.signals, 100U);
        EXPECT_EQ(after.disorder, 0U);
        EXPECT_EQ(after.streams - before.streams, 1U);
    }
}

TEST_P(FlowsRelay, OneWayStalledHoldsTheSenderBackAndLosesNothing) {
    const Peer peer = connect();
    relay_.setPace(Way::ToServer, {.isStalled = true});
    Asked asked;
    std::vector<Running> requests;
    for (int i = 0; i < 1000; ++i)
        requests.emplace_back(client_.executor(), askOnce(peer, &asked));
    ASSERT_TRUE(eventually([&] { return asked.begun == 1000; }));
    relay_.setPace(Way::ToServer, {});
    requests.clear();
    EXPECT_EQ(asked.answered, 1000U);
    EXPECT_EQ(tally().requests, 1000U);
    EXPECT_EQ(tally().duplicates, 0U);
}

asio::awaitable<void> expectSilenceNoticed(Peer peer) {
    const flows::Heartbeat heartbeat(peer, {.interval = 5ms, .silence = 30ms});
    const error_code ec = co_await codeOf(peer.receive(patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
    EXPECT_EQ(heartbeat.counters().silences, 1U);
}

TEST_P(FlowsRelay, AHeartbeatNoticesThatOneWayIsDead) {
    const Peer peer = connect();
    relay_.setPace(Way::ToClient, {.isStalled = true});
    run(client_.executor(), expectSilenceNoticed(peer));
    relay_.setPace(Way::ToClient, {});
}

/// Connects and asks; the connection is cut somewhere. Ends with an answer or with an Error that says why.
asio::awaitable<void> tryOnce(Ampe& engine, Address address, int* answered) {
    try {
        const Peer peer = co_await flows::connect(engine, address);
        const MessagePtr answer = co_await peer.request(peer.newMessage(OpCode::Request, "hi"), patience);
        EXPECT_NE(answer, nullptr) << "the cut was not noticed";
        if (answer != nullptr) ++*answered;
    } catch (const Error& error) {
        const Status status = error.status();
        EXPECT_TRUE(status == Status::ChannelClosed || status == Status::PeerDisconnected ||
                    status == Status::CommunicationFailed || status == Status::ConnectFailed)
            << error.what();
        EXPECT_NE(std::string(error.what()), "");
    }
}

TEST_P(FlowsRelay, CutAtEveryByteEndsWithAReason) {
    const std::uint64_t step = isSanitized ? 7 : 1;
    for (const Cut how : {Cut::Close, Cut::Reset, Cut::HalfClose}) {
        for (const Way way : {Way::ToServer, Way::ToClient}) {
            int answered = 0;
            std::uint64_t place = 0;
            // Until it is behind the answer.
            for (; answered == 0 && place < 1000; place += step) {
                relay_.cutAfter(place, how, way);
                run(client_.executor(), tryOnce(client_, address_, &answered));
            }
            EXPECT_EQ(answered, 1) << "never got through";
            EXPECT_GT(place, 30U) << "was not cut";
        }
    }
    relay_.cutAfter(std::nullopt);
    EXPECT_TRUE(eventually([&] { return server_.counters().peers == 0; }));
    EXPECT_EQ(server_.counters().handlerFailures, 0U);
}

void cutUnderLoad(Relay& relay, const ReconnectingPeer& link, Asked& asked, Reactor& client) {
    std::vector<Running> askers;
    for (int i = 0; i < 6; ++i)
        askers.emplace_back(client.executor(), askUntilStopped(link, &asked));
    for (int i = 0; i < 12; ++i) {
        const std::uint64_t seen = asked.answered;
        ASSERT_TRUE(eventually([&] { return asked.answered >= seen + 30; })) << "the link did not come back";
        relay.cut(i % 3 == 0   ? Cut::HalfClose
                  : i % 3 == 1 ? Cut::Reset
                               : Cut::Close,
                  i % 2 == 0 ? Way::ToServer : Way::ToClient);
        // Answers on their way may still come: the next cut is for the next connection.
        const auto cuts = static_cast<std::uint64_t>(i) + 1;
        ASSERT_TRUE(eventually([&] { return link.counters().losses >= cuts; })) << "the cut was not noticed";
    }
    asked.isStopping = true;
    askers.clear();
    EXPECT_EQ(asked.begun, asked.answered + asked.failed);
    EXPECT_GE(link.counters().losses, 12U);
}

TEST_P(FlowsRelay, ALinkComesBackAndSendsNothingTwice) {
    const ReconnectingPeer link = this->link(flows::Unanswered::Fail);
    Asked asked;
    cutUnderLoad(relay_, link, asked, client_);
    const Tally seen = tally();
    EXPECT_EQ(seen.duplicates, 0U);
    EXPECT_GE(seen.requests, asked.answered);
    EXPECT_LE(seen.requests, asked.begun);
}

TEST_P(FlowsRelay, ALinkToldToSendAgainHasEveryAnswer) {
    const ReconnectingPeer link = this->link(flows::Unanswered::SendAgain);
    Asked asked;
    cutUnderLoad(relay_, link, asked, client_);
    const Tally seen = tally();
    EXPECT_EQ(asked.failed, 0U);
    EXPECT_EQ(seen.requests, asked.begun);
    EXPECT_LE(seen.duplicates, link.counters().sentAgain);
}

}  // namespace
}  // namespace tempeh::test
