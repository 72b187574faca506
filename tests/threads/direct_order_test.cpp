// Messages that threads write themselves must keep their place among those that the reactor writes for them.

#include "support/engine_fixture.hpp"
#include "support/scale.hpp"

#include <atomic>
#include <random>
#include <string>
#include <thread>

namespace tempeh::test {
namespace {

/// As long as one write should be: the reactor writes each as soon as it has accepted it.
const std::string writeful(62'000, 's');

/// Their ids count: 1, 2, 3 ...
MessagePtr makeNext(Link& link, MessageId& last) {
    return link.client->make(OpCode::Signal, link.atClient, writeful, ++last);
}

// The reactor is in the middle of writing what a thread posted at once when that thread posts one more, which
// it may write itself at other times.
TEST(DirectOrder, AMessageDoesNotOvertakeWhatTheReactorHasPickedUp) {
    Link link;
    constexpr std::uint64_t together = 3;
    const std::uint64_t rounds = scaled(2'000);
    std::jthread server([&] {
        for (MessageId expected = 1; expected <= rounds * (together + 1); ++expected) {
            MessagePtr message = link.server->next();
            EXPECT_EQ(message->header.messageId, expected);
            if (expected % (together + 1) == 0) link.server->post(OpCode::Signal, link.atServer);
        }
    });
    MessageId last = 0;
    std::minstd_rand random;
    for (std::uint64_t round = 0; round < rounds; ++round) {
        MessageQueue messages;
        while (messages.size() < together)
            messages.pushBack(makeNext(link, last));
        MessagePtr another = makeNext(link, last);
        const std::uint64_t writes = link.client.reactor.stats().writes;
        link.client->channels.postAll(messages);
        // One of them is written, and the rest is to come.
        while (link.client.reactor.stats().writes == writes) {
        }
        for (std::uint64_t spins = random() % 512; spins != 0; --spins)
            std::atomic_signal_fence(std::memory_order_seq_cst);
        link.client->post(std::move(another));
        // Something was received: the thread may write one itself.
        link.client->next(OpCode::Signal);
    }
}

}  // namespace
}  // namespace tempeh::test
