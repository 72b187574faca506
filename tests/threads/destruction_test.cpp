// Groups and engines that end with everything in flight: no hang, no race, nothing left.

#include "support/engine_fixture.hpp"
#include "support/scale.hpp"
#include "support/tsan_quirks.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

constexpr std::uint64_t destructions = isSanitized ? 60 : 200;
const Options hasty{.lingerTimeout = 20ms};

error_code errorOf(std::future<MessagePtr>& future) {
    try {
        if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("hangs");
        future.get();
        return {};
    } catch (const boost::system::system_error& failure) {
        return failure.code();
    }
}

/// A channel with more posted than goes out at once, and a receiver that waits.
void leaveInFlight(Party& party, const Address& address, int messages = 50) {
    const ChannelNumber channel = party.sayHello(address).channelNumber;
    for (int i = 0; i < messages; ++i)
        party.post(OpCode::Request, channel, std::string(2000, 'x'));
}

TEST(Destruction, AnEngineWithChannelsInEveryState) {
    Side server(hasty);
    const Listening listening = server->listen(localTcp());
    std::atomic<bool> isDone{false};
    std::thread consumer([&] {
        while (!isDone) {
            MessagePtr message = server->channels.waitReceive(1ms);
            if (message == nullptr || message->header.opCode != OpCode::HelloRequest) continue;
            message->header.opCode = OpCode::HelloResponse;
            error_code ec;
            server->channels.post(std::move(message), ec);
        }
    });
    for (std::uint64_t round = 0; round < destructions; ++round) {
        Side client(hasty);
        leaveInFlight(client.party, listening.address);
        leaveInFlight(client.party, TcpClientAddress{"127.0.0.1", 1});  // nobody listens
        client->post(client->makeFor(localTcp()));
        if (round % 2 == 0) client->next();
        if (round % 3 == 0) client.party.group = ChannelGroup();
    }
    isDone = true;
    consumer.join();
}

TEST(Destruction, GroupsAndMessagesOutliveTheirEngine) {
    for (std::uint64_t round = 0; round < destructions; ++round) {
        auto engine = std::make_unique<Reactor>(hasty);
        Party party(*engine);
        const Listening listening = party.listen(localTcp());
        leaveInFlight(party, listening.address, 3);
        MessagePtr kept = party.next();
        MessagePtr fresh = engine->get();
        engine.reset();
        error_code ec;
        while (party.channels.waitReceive(infinite, ec)) {
        }
        EXPECT_EQ(ec, Status::ShutdownStarted);
        party.channels.post(std::move(fresh), ec);
        EXPECT_TRUE(ec);
        party.channels.updateReceiver(nullptr, ec);
        EXPECT_EQ(ec, Status::ShutdownStarted);
        party.group.stats();
    }
}

TEST(Destruction, AGroupWithAWaiterOnEveryKindOfExecutor) {
    asio::thread_pool pool(2);
    Side side(hasty);
    for (std::uint64_t round = 0; round < destructions; ++round) {
        std::vector<ChannelGroup> groups;
        std::vector<std::future<MessagePtr>> waiting;
        for (const asio::any_io_executor& executor :
             {side.reactor.executor(), asio::any_io_executor(pool.get_executor())}) {
            for (const Duration timeout : {infinite, Duration(1h), Duration(10us)}) {
                groups.push_back(side.reactor.createGroup());
                waiting.push_back(
                    groups.back().waitReceive(timeout, asio::bind_executor(executor, asio::use_future)));
            }
        }
        std::thread poster([facade = groups[0].blocking()] {
            error_code ec;
            for (int i = 0; i < 10; ++i)
                facade.updateReceiver(nullptr, ec);
        });
        poster.join();
        groups.clear();
        for (std::future<MessagePtr>& future : waiting) {
            const error_code ec = errorOf(future);
            EXPECT_TRUE(!ec || ec == asio::error::operation_aborted) << ec;
        }
    }
    pool.join();
}

TEST(Destruction, AnEngineWithReceiversOnEveryKindOfExecutor) {
    for (std::uint64_t round = 0; round < destructions; ++round) {
        asio::thread_pool pool(2);
        std::vector<std::future<MessagePtr>> waiting;
        std::vector<ChannelGroup> groups;
        {
            Reactor reactor(hasty);
            for (int i = 0; i < 4; ++i) {
                groups.push_back(reactor.createGroup());
                const asio::any_io_executor executor =
                    i % 2 == 0 ? reactor.executor() : asio::any_io_executor(pool.get_executor());
                waiting.push_back(
                    groups.back().waitReceive(infinite, asio::bind_executor(executor, asio::use_future)));
            }
        }
        for (std::future<MessagePtr>& future : waiting)
            EXPECT_EQ(errorOf(future), Status::ShutdownStarted);
        pool.join();
    }
}

TEST(Destruction, AGroupDroppedByItsOwnReceiver) {
    Side server(hasty);
    const Listening listening = server->listen(localTcp());
    auto dropOnFirst = [](std::shared_ptr<ChannelGroup> group) -> asio::awaitable<void> {
        const MessagePtr message = co_await group->waitReceive();
        EXPECT_NE(message, nullptr);
        *group = ChannelGroup();
    };
    for (std::uint64_t round = 0; round < destructions; ++round) {
        auto group = std::make_shared<ChannelGroup>(server.reactor.createGroup());
        MessagePtr hello = server->makeFor(listening.address);
        const ChannelNumber channel = group->post(std::move(hello)).channelNumber;
        for (int i = 0; i < 5; ++i)
            group->post(server->make(OpCode::Request, channel, "ask"));
        std::future<void> dropped =
            asio::co_spawn(server.reactor.executor(), dropOnFirst(group), asio::use_future);
        server->acceptHello();
        ASSERT_EQ(dropped.wait_for(patience), std::future_status::ready);
        server->waitFor(OpCode::Signal, Status::ChannelClosed);
    }
}

TEST(Destruction, AnEngineDroppedOnItsOwnThread) {
    for (std::uint64_t round = 0; round < destructions; ++round) {
        auto* engine = new Reactor(hasty);
        const asio::any_io_executor executor = engine->executor();
        Party party(*engine);
        leaveInFlight(party, TcpClientAddress{"127.0.0.1", 1}, 3);
        asio::post(executor, [engine] { delete engine; });
        error_code ec;
        while (party.channels.waitReceive(infinite, ec)) {
        }
        EXPECT_EQ(ec, Status::ShutdownStarted);
    }
}

asio::awaitable<void> talkToMyself(ChannelGroup& group, Reactor& reactor) {
    error_code ec;
    MessagePtr welcome = reactor.get();
    TcpServerAddress{"127.0.0.1", 0}.format(*welcome);
    group.post(std::move(welcome), ec);
    while (!ec && group) {
        MessagePtr message =
            co_await group.waitReceive(infinite, asio::redirect_error(asio::use_awaitable, ec));
        if (ec) break;
        if (message->header.opCode == OpCode::WelcomeResponse) {
            const auto bound = std::get<TcpServerAddress>(parseAddress(*message));
            MessagePtr hello = reactor.get();
            TcpClientAddress{bound.host, bound.port}.format(*hello);
            group.post(std::move(hello), ec);
        } else if (message->header.opCode == OpCode::HelloRequest) {
            message->header.opCode = OpCode::HelloResponse;
            group.post(std::move(message), ec);
        } else if (message->isFromApplication()) {
            message->header.opCode = OpCode::Request;
            group.post(std::move(message), ec);
            if (ec == Status::SendQueueFull) ec.clear();
        }
    }
}

TEST(Destruction, ACallersContextThatStopsOrGoesFirst) {
    for (std::uint64_t round = 0; round < destructions; ++round) {
        auto context = std::make_unique<asio::io_context>();
        auto reactor = std::make_unique<Reactor>(*context, hasty);
        ChannelGroup group = reactor->createGroup();
        asio::co_spawn(reactor->executor(), talkToMyself(group, *reactor), asio::detached);
        std::vector<std::thread> threads;
        for (int i = 0; i < 2; ++i)
            threads.emplace_back([&] { context->run(); });
        while (reactor->stats().received.messages < 50)
            std::this_thread::yield();
        // In turns: stopped with all in flight; the handle gone first; shut down from outside.
        if (round % 3 == 0) context->stop();
        if (round % 3 == 1) {
            // The coroutine uses the handle: it goes in the strand that the coroutine runs on.
            std::promise<void> gone;
            asio::post(reactor->executor(), [&] {
                group = ChannelGroup();
                gone.set_value();
            });
            gone.get_future().wait();
        }
        if (round % 3 == 2) reactor->shutdown(patience);
        if (round % 3 != 0) context->stop();
        for (std::thread& thread : threads)
            thread.join();
        if (round % 2 == 0) {
            context.reset();
            reactor.reset();
        } else {
            reactor.reset();
            context.reset();
        }
        error_code ec;
        if (group) group.tryReceive(ec);
    }
}

asio::awaitable<void> receiveAgainAndAgain(ChannelGroup& group, std::atomic<bool>& isOver) {
    while (!isOver) {
        try {
            for (;;)
                (void)co_await group.waitReceive(10us);
        } catch (const Error&) {
            // The engine has gone.
        }
        co_await asio::post(asio::use_awaitable);
    }
}

/// On an io_context and on a strand of one, while the engine goes.
TEST(Destruction, AnEngineWhoseGroupIsUsedFromAnotherExecutor) {
    for (std::uint64_t round = 0; round < destructions / 4; ++round) {
        asio::io_context engines;
        const auto busy = asio::make_work_guard(engines);
        std::thread engine([&] { engines.run(); });
        std::optional<Reactor> own(std::in_place, hasty);
        std::optional<Reactor> guest(std::in_place, engines, hasty);
        ChannelGroup groups[] = {own->createGroup(), guest->createGroup()};
        asio::io_context context;
        std::atomic<bool> isOver = false;
        // With a slot a receive never completes without its executor.
        asio::cancellation_signal first;
        asio::cancellation_signal second;
        asio::co_spawn(context, receiveAgainAndAgain(groups[0], isOver),
                       asio::bind_cancellation_slot(first.slot(), asio::detached));
        asio::co_spawn(asio::make_strand(context), receiveAgainAndAgain(groups[1], isOver),
                       asio::bind_cancellation_slot(second.slot(), asio::detached));
        std::thread receiver([&] { context.run(); });
        std::this_thread::yield();
        own.reset();
        guest.reset();
        while (groups[1].isOpen())  // the guest ends on the context, which must have work until then
            std::this_thread::yield();
        engines.stop();
        engine.join();
        isOver = true;
        receiver.join();
    }
}

}  // namespace
}  // namespace tempeh::test
