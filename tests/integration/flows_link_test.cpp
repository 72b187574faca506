// A link's connection, its streams, and how often it sends a request again.

#include "support/flows_fixture.hpp"

namespace tempeh::test {
namespace {

using flows::LinkState;
using flows::Peer;
using flows::ReconnectingPeer;
using flows::ReconnectOptions;
using flows::Unanswered;

constexpr flows::Backoff quick{.initial = 1ms, .max = 10ms};

/// A link to a server.
class Linked : public FlowsPair {
public:
    explicit Linked(flows::Handler handler, ReconnectOptions options = {})
        : FlowsPair(std::move(handler)), link(clientReactor, address, quickly(std::move(options))) {}

    ReconnectingPeer link;

private:
    static ReconnectOptions quickly(ReconnectOptions options) {
        options.backoff = quick;
        return options;
    }
};

/// What servers were asked, and how often.
struct Asked {
    std::atomic<int> times{0};
    std::vector<std::string> keys;  // read only after times, which the server's thread counts up behind it
};

/// A request kills it.
asio::awaitable<void> die(Peer peer, Asked* asked) {
    const MessagePtr request = co_await peer.receive();
    asked->keys.push_back(valueOf(*request, "idempotency-key"));
    ++asked->times;
    peer.abort();
}

asio::awaitable<void> expectPoisoned(ReconnectingPeer link) {
    const error_code ec = co_await codeOf(link.request(link.newMessage(), patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
}

TEST(FlowsLink, SendsARequestThatKillsItsServerOnlySoOften) {
    Asked asked;
    Linked linked([&asked](Peer peer) { return die(std::move(peer), &asked); },
                  {.unanswered = Unanswered::SendAgain, .maxResends = 3, .idempotencyKeys = true});
    linked.onClient(expectPoisoned(linked.link));
    EXPECT_EQ(asked.times, 4);
    EXPECT_EQ(linked.link.counters().overResent, 1U);
    EXPECT_EQ(linked.link.counters().sentAgain, 3U);
    EXPECT_EQ(linked.link.counters().failed, 1U);
    linked.onClient(expectPoisoned(linked.link));
    ASSERT_EQ(asked.times, 8);
    ASSERT_EQ(asked.keys.size(), 8U);
    EXPECT_NE(asked.keys[0], "(none)");
    EXPECT_EQ(asked.keys[0], asked.keys[3]) << "the same request";
    EXPECT_NE(asked.keys[0], asked.keys[4]) << "another one";
}

TEST(FlowsLink, PutsNoKeyOnRequestsUnlessTold) {
    Asked asked;
    Linked linked([&asked](Peer peer) { return die(std::move(peer), &asked); });
    linked.onClient(expectPoisoned(linked.link));
    ASSERT_EQ(asked.times, 1);
    EXPECT_EQ(asked.keys, (std::vector<std::string>{"(none)"}));
}

/// "die" kills it; it answers everything else.
asio::awaitable<void> answerUnlessTold(Peer peer, std::atomic<int>* deaths) {
    for (;;) {
        MessagePtr request = co_await peer.receive();
        if (request->body.view() == "die") break;
        co_await peer.respond(std::move(request));
    }
    ++*deaths;
    peer.abort();
}

asio::awaitable<void> expectDeaths(ReconnectingPeer link, std::atomic<int>* deaths, int expected) {
    *deaths = 0;
    const error_code ec = co_await codeOf(link.request(link.newMessage(OpCode::Request, "die"), patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
    EXPECT_EQ(*deaths, expected);
}

asio::awaitable<void> expectAnswers(ReconnectingPeer link, int count) {
    for (int i = 0; i < count; ++i) {
        const MessagePtr answer = co_await link.request(link.newMessage(OpCode::Request, "hi"), patience);
        EXPECT_NE(answer, nullptr);
    }
}

TEST(FlowsLink, SendsRequestsAgainOnlyAsAShareOfThoseAnswered) {
    std::atomic<int> deaths{0};
    Linked linked([&deaths](Peer peer) { return answerUnlessTold(std::move(peer), &deaths); },
                  {.unanswered = Unanswered::SendAgain,
                   .maxResends = 100,
                   .retryBudget = {.tokens = 2, .perAnswer = 0.5}});
    linked.onClient(expectDeaths(linked.link, &deaths, 3));
    linked.onClient(expectDeaths(linked.link, &deaths, 1));  // another request, the same budget
    linked.onClient(expectAnswers(linked.link, 2));
    linked.onClient(expectDeaths(linked.link, &deaths, 2));
    EXPECT_EQ(linked.link.counters().overBudget, 3U);
    EXPECT_EQ(linked.link.counters().overResent, 0U);
    EXPECT_EQ(linked.link.counters().sentAgain, 3U);
    EXPECT_EQ(linked.link.counters().answered, 2U);
}

asio::awaitable<void> expectNoStream(ReconnectingPeer link) {
    const error_code ec = co_await codeOf(requestStream(link, link.newMessage(), patience));
    EXPECT_EQ(ec, Status::ChannelClosed);
}

TEST(FlowsLink, PaysForStreamsThatItAsksForAgain) {
    Asked asked;
    Linked linked([&asked](Peer peer) { return die(std::move(peer), &asked); },
                  {.unanswered = Unanswered::SendAgain, .retryBudget = {.tokens = 1}});
    linked.onClient(expectNoStream(linked.link));
    EXPECT_EQ(asked.times, 2);
    EXPECT_EQ(linked.link.counters().overBudget, 1U);
}

/// Answers in parts; reads requests in parts.
asio::awaitable<void> countOrStream(Peer peer) {
    for (;;) {
        MessagePtr request = co_await peer.receive();
        if (request->header.opCode != OpCode::Request) continue;
        const bool isStream = request->hasMore();
        const MessageId id = request->header.messageId;
        std::uint64_t size = 0;
        if (isStream) {
            flows::StreamReader reader(peer, std::move(request));
            size = co_await reader.readTo([](std::span<const std::byte>) {});
        }
        flows::StreamWriter writer(peer, id);
        if (isStream)
            co_await writer.write(std::to_string(size));
        else
            co_await writer.write(std::string(300'000, 'x'));
        co_await writer.finish();
    }
}

asio::awaitable<void> expectStreams(ReconnectingPeer link) {
    flows::StreamReader reader = co_await requestStream(link, link.newMessage(), patience);
    const std::string whole = co_await reader.readAll(300'000);
    EXPECT_EQ(whole.size(), 300'000U);

    const Peer peer = co_await link.connection(patience);
    flows::StreamWriter writer(peer);
    co_await writer.write(std::string(200'000, 'y'));
    const MessagePtr answer = co_await writer.answer(patience);
    EXPECT_EQ(answer->body.view(), "200000");
}

TEST(FlowsLink, CarriesStreams) {
    Linked linked(countOrStream);
    linked.onClient(expectStreams(linked.link));
    EXPECT_EQ(linked.link.counters().connects, 1U);
}

asio::awaitable<void> sendStream(Peer peer) {
    flows::StreamWriter writer(peer, OpCode::Signal);
    co_await writer.write(std::string(400'000, 'z'));
    co_await writer.finish();
    for (;;)
        co_await peer.receive();
}

asio::awaitable<void> readWhatComes(ReconnectingPeer link) {
    MessagePtr first;
    do {
        first = co_await link.receive(patience);
    } while (first != nullptr && !first->hasMore());
    const Peer peer = co_await link.connection(patience);
    EXPECT_NE(first, nullptr);
    if (first == nullptr) co_return;
    flows::StreamReader reader(peer, std::move(first));
    const std::string whole = co_await reader.readAll(400'000);
    EXPECT_EQ(whole.size(), 400'000U);
}

TEST(FlowsLink, ReceivesStreamsOfItsServer) {
    Linked linked(sendStream);
    linked.onClient(readWhatComes(linked.link));
}

asio::awaitable<void> expectOverSoon(ReconnectingPeer link) {
    error_code ec;
    while (!ec)
        co_await link.receive(patience, ec);
    EXPECT_EQ(ec, Status::ChannelClosed);
}

asio::awaitable<void> expectConnected(ReconnectingPeer link) {
    const bool isConnected = co_await link.connected(patience);
    EXPECT_TRUE(isConnected);
}

TEST(FlowsLink, TellsWhereItIsAndEndsAtOnce) {
    Linked linked(echo);
    const std::string server = toString(clientAddressOf(linked.address));
    linked.onClient(expectConnected(linked.link));
    EXPECT_EQ(linked.link.info().peerAddress, server);
    EXPECT_EQ(linked.link.info().state, ChannelPhase::Ready);
    linked.link.abort();
    linked.onClient(expectOverSoon(linked.link));
    EXPECT_EQ(linked.link.state(), LinkState::Closed);
    EXPECT_EQ(linked.link.info().peerAddress, server);
    EXPECT_EQ(linked.link.info().state, ChannelPhase::Closed);
}

}  // namespace
}  // namespace tempeh::test
