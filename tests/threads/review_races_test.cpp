// Threads against each other at the places where a message, a wake or a count could get lost between them.

#include "core/group/mailbox.hpp"
#include "support/engine_fixture.hpp"
#include "support/scale.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <barrier>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

class NoListener final : public core::MailboxOwner {
    bool resumeSoon(detail::Waiter&) noexcept override { return false; }
    MessageQueue onCloseNotice(std::uint64_t) noexcept override { return {}; }
    std::shared_ptr<detail::ContextLife> watch(asio::execution_context&) override { return nullptr; }
};

MessageQueue batchOf(int size) {
    MessageQueue batch;
    for (int i = 0; i < size; ++i)
        batch.pushBack(MessagePtr(new Message));
    return batch;
}

// A thread about to sleep while another takes one of a batch: the rest must not be slept over.
TEST(MailboxRaces, ABlockedThreadGetsWhatAnotherLeft) {
    NoListener listener;
    core::Mailbox mailbox(listener);
    const int rounds = static_cast<int>(scaled(10'000));
    std::barrier start(3);
    std::barrier end(3);
    std::atomic<int> taken{0};
    std::atomic<bool> missed{false};
    std::jthread blocked([&] {
        for (int round = 0; round < rounds && !missed.load(); ++round) {
            start.arrive_and_wait();
            error_code ec;
            while (taken.load() < 2) {
                const MessagePtr message = mailbox.receiveBlocking(5s, 0s, ec);
                if (message != nullptr)
                    ++taken;
                else if (taken.load() < 2)
                    missed = true;
                if (message == nullptr) break;
            }
            end.arrive_and_wait();
        }
    });
    std::jthread passerby([&] {
        for (int round = 0; round < rounds && !missed.load(); ++round) {
            start.arrive_and_wait();
            error_code ec;
            for (int i = 0; i < 3; ++i)
                if (mailbox.tryReceive(ec) != nullptr) {
                    ++taken;
                    break;
                }
            end.arrive_and_wait();
        }
    });
    for (int round = 0; round < rounds && !missed.load(); ++round) {
        taken = 0;
        start.arrive_and_wait();
        MessageQueue batch = batchOf(2);
        mailbox.deliver(batch, false);
        // A passer-by that takes the last one leaves the other waiting for nothing.
        while (taken.load() < 2 && !missed.load())
            std::this_thread::yield();
        MessageQueue one = batchOf(1);
        mailbox.deliver(one, false);
        end.arrive_and_wait();
        error_code ec;
        while (mailbox.tryReceive(ec) != nullptr) {
        }
    }
    EXPECT_FALSE(missed.load()) << "slept over a message";
}

TEST(MailboxRaces, PendingNeverSaysMoreThanThereCanBe) {
    NoListener listener;
    core::Mailbox mailbox(listener);
    constexpr int size = 4;
    std::atomic<bool> over{false};
    std::jthread reader([&] {
        std::size_t most = 0;
        while (!over.load(std::memory_order_relaxed))
            most = std::max(most, mailbox.pending());
        EXPECT_LE(most, 1'000'000U);
    });
    error_code ec;
    for (int round = 0; round < static_cast<int>(scaled(1'000'000)); ++round) {
        MessageQueue batch = batchOf(size);
        mailbox.deliver(batch, false);
        while (mailbox.tryReceive(ec) != nullptr) {
        }
    }
    over = true;
}

// Every message that post() took is sent or comes back, also when the shutdown begins in the middle of it.
TEST(ShutdownRaces, EveryHelloComesBack) {
    for (int round = 0; round < 100; ++round) {
        Reactor reactor;
        Party party(reactor);
        std::atomic<int> posted{0};
        std::barrier start(3);
        std::vector<std::jthread> posters;
        for (int i = 0; i < 2; ++i)
            posters.emplace_back([&] {
                start.arrive_and_wait();
                error_code ec;
                for (int n = 0; n < 200; ++n) {
                    MessagePtr hello = party.makeFor(UdsClientAddress{"/nonexistent/review"});
                    party.channels.post(std::move(hello), ec);
                    if (ec) break;
                    ++posted;
                }
            });
        start.arrive_and_wait();
        reactor.shutdown(10s);
        posters.clear();
        int returned = 0;
        int closed = 0;
        error_code ec;
        while (const MessagePtr message = party.channels.waitReceive(patience, ec)) {
            returned += message->header.opCode == OpCode::HelloResponse;
            closed += isClosedNotice(*message);
        }
        ASSERT_EQ(returned, posted.load()) << "round " << round;
        ASSERT_EQ(closed, posted.load()) << "round " << round;
    }
}

TEST(ShutdownRaces, EveryPostIsSentOrComesBack) {
    for (int round = 0; round < 30; ++round) {
        Link link;
        std::atomic<int> posted{0};
        std::barrier start(3);
        std::vector<std::jthread> posters;
        for (int i = 0; i < 2; ++i)
            posters.emplace_back([&] {
                start.arrive_and_wait();
                error_code ec;
                for (;;) {
                    MessagePtr message = link.client->make(OpCode::Signal, link.atClient, "counted");
                    link.client->channels.post(std::move(message), ec);
                    if (ec == make_error_code(Status::SendQueueFull)) continue;
                    if (ec) break;
                    ++posted;
                }
            });
        start.arrive_and_wait();
        std::this_thread::yield();
        link.client.reactor.shutdown(10s);
        posters.clear();
        int counted = 0;
        error_code ec;
        while (const MessagePtr message = link.client->channels.waitReceive(patience, ec))
            counted += message->body.view() == "counted";
        for (;;) {
            const MessagePtr message = link.server->next();
            if (isClosedNotice(*message)) break;
            counted += message->body.view() == "counted";
        }
        ASSERT_EQ(counted, posted.load()) << "round " << round;
    }
}

// A second receiver is refused; both look at the group at the same time.
TEST(ReceiverRaces, TwoCoroutinesOnTwoThreads) {
    Side side;
    std::atomic<int> received{0};
    asio::thread_pool pool(2);
    auto loop = [](ChannelGroup& group, std::atomic<int>& count) -> asio::awaitable<void> {
        while (count.load() < 2000) {
            error_code ec;
            const MessagePtr message =
                co_await group.waitReceive(1ms, asio::redirect_error(asio::use_awaitable, ec));
            if (message != nullptr) ++count;
        }
    };
    auto plain = [](ChannelGroup& group, std::atomic<int>& count) -> asio::awaitable<void> {
        while (count.load() < 2000) {
            try {
                const MessagePtr message = co_await group.waitReceive(1ms);
                if (message != nullptr) ++count;
            } catch (const Error&) {
            }
        }
    };
    asio::co_spawn(pool.get_executor(), plain(side->group, received), asio::detached);
    asio::co_spawn(pool.get_executor(), plain(side->group, received), asio::detached);
    asio::co_spawn(pool.get_executor(), loop(side->group, received), asio::detached);
    for (int i = 0; i < 2000; ++i)
        side->channels.updateReceiver();
    pool.join();
    EXPECT_EQ(received.load(), 2000);
}

// A ByeRequest that is dropped on another thread while the last of its engine goes.
TEST(EndRaces, AnObligationDroppedWhileTheEngineGoes) {
    for (int round = 0; round < 100; ++round) {
        asio::io_context context;
        std::optional<Reactor> reactor(std::in_place, context);
        std::optional<Party> party(*reactor);
        MessagePtr bye;
        {
            const auto guard = asio::make_work_guard(context);
            std::thread runner([&] { context.run(); });
            const Listening listening = party->listen(localTcp());
            const ChannelNumber atClient = party->sayHello(listening.address).channelNumber;
            party->acceptHello();
            party->next(OpCode::HelloResponse);
            party->post(OpCode::ByeRequest, atClient);
            bye = party->next(OpCode::ByeRequest);
            context.stop();
            runner.join();
            context.restart();
        }
        party.reset();
        reactor.reset();
        std::barrier start(2);
        std::jthread dropper([&, dropped = std::move(bye)]() mutable {
            start.arrive_and_wait();
            for (int spin = 0; spin < round; ++spin)
                std::this_thread::yield();
            dropped.reset();
        });
        start.arrive_and_wait();
        context.run();
    }
}

}  // namespace
}  // namespace tempeh::test
