// Requests in bulk: 10,000 in flight over 4 channels, answered in random order, each exactly once; and what
// one costs in memory.

#include "support/allocation_counter.hpp"
#include "support/flows_fixture.hpp"
#include "support/scale.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <random>

namespace tempeh::test {
namespace {

using flows::Peer;

constexpr int channels = 4;
constexpr int inFlight = 10'000;

/// Keeps requests until there are `batch`, then answers them in random order.
asio::awaitable<void> answerShuffled(Peer peer, std::size_t batch) {
    std::vector<MessagePtr> kept;
    std::minstd_rand random(11);
    for (;;) {
        MessagePtr message = co_await peer.receive();
        if (message->header.opCode != OpCode::Request) co_return;
        kept.push_back(std::move(message));
        if (kept.size() < batch) continue;
        std::shuffle(kept.begin(), kept.end(), random);
        for (MessagePtr& request : kept)
            co_await peer.respond(std::move(request));
        kept.clear();
    }
}

/// What the workers of a test share; all on one executor.
struct Tally {
    std::uint64_t rounds = 0;
    std::uint64_t answered = 0;
    std::uint64_t wrong = 0;
    std::uint64_t warmUp = 0;
    std::uint64_t allocationsAtStart = 0;
    std::uint64_t allocationsAtEnd = 0;
    int running = 0;
};

asio::awaitable<void> keepAsking(Peer peer, std::uint64_t first, Tally* tally) {
    for (std::uint64_t round = 0; round < tally->rounds; ++round) {
        MessagePtr question = peer.newMessage();
        const std::uint64_t number = first + round * inFlight;
        question->body.append(std::as_bytes(std::span(&number, 1)));
        const MessagePtr answer = co_await peer.request(std::move(question), patience);
        const bool isRight = answer != nullptr && answer->body.size() == sizeof number &&
                             std::memcmp(answer->body.bytes().data(), &number, sizeof number) == 0;
        ++(isRight ? tally->answered : tally->wrong);
        if (tally->answered == tally->warmUp) tally->allocationsAtStart = allocationCount();
    }
    if (--tally->running == 0) tally->allocationsAtEnd = allocationCount();
}

asio::awaitable<void> askOverAll(std::vector<Peer> peers, int workers, Tally* tally) {
    tally->running = workers;
    for (int worker = 0; worker < workers; ++worker) {
        const Peer& peer = peers[static_cast<std::size_t>(worker) % peers.size()];
        asio::co_spawn(peer.executor(), keepAsking(peer, static_cast<std::uint64_t>(worker), tally),
                       asio::detached);
    }
    while (tally->running > 0)
        co_await peers.front().sleep(1ms);
}

class FlowsRequests : public ::testing::Test {
protected:
    /// Enough for all that is in flight on both sides.
    const Options roomy_{.initialPoolMessages = 32'768, .maxPoolMessages = 32'768};

    std::vector<Peer> connectAll(FlowsPair& pair, int count) {
        const flows::PeerGroup group(pair.clientReactor);
        std::vector<Peer> peers;
        pair.onClient(connectMany(group, pair.address, count, &peers));
        return peers;
    }

private:
    static asio::awaitable<void> connectMany(flows::PeerGroup group, Address address, int count,
                                             std::vector<Peer>* peers) {
        for (int i = 0; i < count; ++i)
            peers->push_back(co_await group.connect(address));
    }
};

TEST_F(FlowsRequests, TenThousandInFlightAreAnsweredOnceEachWithoutAllocating) {
    const flows::Handler handler = [](Peer peer) {
        return answerShuffled(std::move(peer), inFlight / channels);
    };
    FlowsPair pair(handler, localTcp(), {}, roomy_, roomy_);
    const std::vector<Peer> peers = connectAll(pair, channels);
    Tally tally;
    tally.rounds = scaled(20);
    tally.warmUp = std::uint64_t{inFlight} * tally.rounds / 4;
    pair.onClient(askOverAll(peers, inFlight, &tally));

    const std::uint64_t calls = inFlight * tally.rounds;
    EXPECT_EQ(tally.answered, calls);
    EXPECT_EQ(tally.wrong, 0U);
    flows::PeerCounters sum;
    for (const Peer& peer : peers) {
        const flows::PeerCounters counters = peer.counters();
        sum.requests += counters.requests;
        sum.answered += counters.answered;
        sum.lateAnswers += counters.lateAnswers;
        sum.failed += counters.failed + counters.timedOut;
    }
    EXPECT_EQ(sum.requests, calls);
    EXPECT_EQ(sum.answered, calls);
    EXPECT_EQ(sum.lateAnswers + sum.failed, 0U);
    const double perCall = static_cast<double>(tally.allocationsAtEnd - tally.allocationsAtStart) /
                           static_cast<double>(calls - tally.warmUp);
    fmt::print("10,000 in flight: {:.4f} allocations per request, both sides\n", perCall);
    EXPECT_LT(perCall, 1.0);
}

TEST_F(FlowsRequests, OneAfterTheOtherDoesNotAllocateEither) {
    FlowsPair pair(echo);
    const std::vector<Peer> peers = connectAll(pair, 1);
    Tally tally;
    tally.rounds = scaled(20'000);
    tally.warmUp = tally.rounds / 4;
    pair.onClient(askOverAll(peers, 1, &tally));
    EXPECT_EQ(tally.answered, tally.rounds);
    const double perCall = static_cast<double>(tally.allocationsAtEnd - tally.allocationsAtStart) /
                           static_cast<double>(tally.rounds - tally.warmUp);
    fmt::print("one at a time: {:.4f} allocations per request, both sides\n", perCall);
    EXPECT_LT(perCall, 1.0);
}

TEST_F(FlowsRequests, ManyThreadsMayAskThroughOneChannel) {
    FlowsPair pair(echo);
    const flows::BlockingPeer peer(connectAll(pair, 1).front());
    std::atomic<int> right{0};
    const int each = static_cast<int>(scaled(2000));
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < each; ++i) {
                const std::string text = std::to_string(thread) + "/" + std::to_string(i);
                const MessagePtr answer = peer.request(peer.newMessage(OpCode::Request, text), patience);
                if (answer != nullptr && answer->body.view() == text) ++right;
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(right, 4 * each);
    EXPECT_EQ(peer.counters().answered, static_cast<std::uint64_t>(4 * each));
}

}  // namespace
}  // namespace tempeh::test
