// Whole bursts taken by several threads at once.

#include "core/group/mailbox.hpp"
#include "support/engine_fixture.hpp"
#include "support/scale.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

class NoOwner final : public core::MailboxOwner {
    bool resumeSoon(detail::Waiter&) noexcept override { return false; }
    MessageQueue onCloseNotice(std::uint64_t) noexcept override { return {}; }
    std::shared_ptr<detail::ContextLife> watch(asio::execution_context&) override { return nullptr; }
};

/// Ids in the order in which one thread got them.
using Ids = std::vector<MessageId>;

MessagePtr withId(MessagePtr message, MessageId id) {
    message->header.messageId = id;
    return message;
}

void expectEachOnce(const std::vector<Ids>& received, std::uint64_t count) {
    Ids all;
    for (const Ids& ids : received) {
        EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end())) << "what one thread gets is in order";
        all.insert(all.end(), ids.begin(), ids.end());
    }
    std::sort(all.begin(), all.end());
    Ids expected(count);
    std::iota(expected.begin(), expected.end(), MessageId{1});
    EXPECT_TRUE(all == expected) << all.size() << " of " << count;
}

TEST(ReceiveAllRaces, TwoThreadsLoseAndDoubleNothing) {
    NoOwner owner;
    core::Mailbox mailbox(owner);
    const std::uint64_t count = scaled(200'000);
    std::atomic<std::uint64_t> taken{0};
    std::vector<Ids> received(3);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < received.size(); ++i)
        threads.emplace_back([&, i] {
            error_code ec;
            while (taken.load() < count) {
                // The last one takes single messages, as another part of the application might.
                MessageQueue messages;
                if (i + 1 < received.size())
                    messages = mailbox.tryReceiveAll(ec);
                else
                    messages.pushBack(mailbox.tryReceive(ec));
                if (ec) ADD_FAILURE() << ec;
                taken += messages.size();
                if (messages.empty()) std::this_thread::yield();
                for (const Message& message : messages)
                    received[i].push_back(message.header.messageId);
            }
        });
    for (MessageId id = 1; id <= count;) {
        MessageQueue batch;
        for (std::uint64_t size = id % 7 + 1; size != 0 && id <= count; --size, ++id)
            batch.pushBack(withId(MessagePtr(new Message), id));
        mailbox.deliver(batch, false);
    }
    threads.clear();
    expectEachOnce(received, count);
    EXPECT_EQ(mailbox.pending(), 0U);
}

// A thread that sleeps is woken also when another takes bursts away meanwhile.
TEST(ReceiveAllRaces, AThreadThatWaitsAndOneThatTakesBursts) {
    Side side;
    const std::uint64_t count = scaled(50'000);
    std::atomic<std::uint64_t> taken{0};
    std::vector<Ids> received(2);
    {
        std::jthread waiting([&] {
            error_code ec;
            while (taken.load() < count) {
                const MessagePtr message = side->channels.waitReceive(1ms, ec);
                EXPECT_FALSE(ec) << ec;
                if (message == nullptr) continue;
                received[0].push_back(message->header.messageId);
                ++taken;
            }
        });
        std::jthread taking([&] {
            error_code ec;
            while (taken.load() < count) {
                const MessageQueue messages = side->channels.tryReceiveAll(ec);
                EXPECT_TRUE(!ec || (ec == Status::NotAllowed && messages.empty())) << ec;
                for (const Message& message : messages)
                    received[1].push_back(message.header.messageId);
                taken += messages.size();
                if (messages.empty()) std::this_thread::yield();
            }
        });
        for (MessageId id = 1; id <= count; ++id)
            side->channels.updateReceiver(withId(side.reactor.get(), id));
    }
    expectEachOnce(received, count);
    EXPECT_EQ(side->group.stats().pending, 0U);
}

}  // namespace
}  // namespace tempeh::test
