// The thread facade: every call, and what is different from the awaitable one.

#include "support/engine_fixture.hpp"
#include "support/scale.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

class Blocking : public ::testing::Test {
protected:
    /// Runs `work` on the executor and waits for it.
    template <typename Work>
    void runOn(const asio::any_io_executor& executor, Work work) {
        std::promise<void> done;
        asio::post(executor, [&] {
            work();
            done.set_value();
        });
        std::future<void> future = done.get_future();
        ASSERT_EQ(future.wait_for(patience), std::future_status::ready);
    }

    Link link_;
    BlockingChannelGroup& server_ = link_.server->channels;
    BlockingChannelGroup& client_ = link_.client->channels;
};

/// The calls that wait fail on an engine's own thread; the others work there.
void expectNotAllowedHere(const BlockingChannelGroup& group, ChannelNumber channel, Reactor& reactor) {
    error_code ec;
    EXPECT_EQ(group.waitReceive(infinite, ec), nullptr);
    EXPECT_EQ(ec, Status::NotAllowed);
    EXPECT_FALSE(group.waitWritable(channel, infinite, ec));
    EXPECT_EQ(ec, Status::NotAllowed);
    reactor.shutdown(patience, ec);
    EXPECT_EQ(ec, Status::NotAllowed);
    EXPECT_THROW(group.waitReceive(), Error);
    EXPECT_THROW(group.waitWritable(channel), Error);
    group.updateReceiver(nullptr, ec);
    EXPECT_FALSE(ec);
    const MessagePtr update = group.tryReceive(ec);
    EXPECT_FALSE(ec);
    ASSERT_NE(update, nullptr);
    EXPECT_EQ(update->status(), Status::ReceiverUpdate);
    group.channelInfo(channel, ec);
    EXPECT_FALSE(ec);
}

TEST_F(Blocking, RequestAndResponse) {
    const BinaryHeader sent = client_.post(link_.client->make(OpCode::Request, link_.atClient, "question"));
    EXPECT_NE(sent.messageId, 0U);
    MessagePtr request = server_.waitReceive(patience);
    ASSERT_NE(request, nullptr);
    EXPECT_EQ(request->body.view(), "question");
    EXPECT_EQ(request->header.messageId, sent.messageId);
    request->header.opCode = OpCode::Response;
    request->body.assign("answer");
    server_.post(std::move(request));
    EXPECT_EQ(client_.waitReceive()->body.view(), "answer");
}

TEST_F(Blocking, ErrorsAreThrownOrGiven) {
    error_code ec;
    MessagePtr null;
    client_.post(std::move(null), ec);
    EXPECT_EQ(ec, Status::NullMessage);
    EXPECT_THROW(client_.post(nullptr), Error);
    MessagePtr wrong = link_.client->make(OpCode::Request, 0);
    EXPECT_THROW(client_.post(std::move(wrong)), Error);
    EXPECT_NE(wrong, nullptr) << "the caller keeps it";
    client_.channelInfo(0, ec);
    EXPECT_EQ(ec, Status::InvalidChannelNumber);
    EXPECT_THROW(client_.channelInfo(0), Error);
    client_.waitWritable(0, 1s, ec);
    EXPECT_EQ(ec, Status::InvalidChannelNumber);
    EXPECT_THROW(client_.waitWritable(0), Error);
}

TEST_F(Blocking, TimeoutsAreNull) {
    for (const Duration timeout : {Duration(-1s), Duration(0s), Duration(1ns), Duration(3ms)}) {
        error_code ec = make_error_code(Status::UnknownError);
        EXPECT_EQ(client_.waitReceive(timeout, ec), nullptr);
        EXPECT_FALSE(ec);
    }
    EXPECT_EQ(client_.tryReceive(), nullptr);
}

TEST_F(Blocking, NeitherATimeoutNorAMessageIsMissedAtTheLimits) {
    for (const Duration timeout : {infinite, infinite - 1ns, Duration(std::chrono::hours(24 * 365 * 200))}) {
        std::thread sender([&] { client_.post(link_.client->make(OpCode::Signal, link_.atClient)); });
        EXPECT_NE(server_.waitReceive(timeout), nullptr);
        sender.join();
    }
}

TEST_F(Blocking, UpdateReceiverWakesABlockedThread) {
    std::thread waker([&] { server_.updateReceiver(); });
    const MessagePtr update = server_.waitReceive();
    waker.join();
    EXPECT_EQ(update->status(), Status::ReceiverUpdate);
    MessagePtr own = link_.server->make(OpCode::Signal, 0, "own");
    server_.updateReceiver(std::move(own));
    EXPECT_EQ(own, nullptr);
    EXPECT_EQ(server_.waitReceive()->body.view(), "own");
}

TEST_F(Blocking, ShutdownEndsABlockedThread) {
    std::thread closer([&] { link_.server.reactor.shutdown(patience); });
    error_code ec;
    while (server_.waitReceive(infinite, ec)) {
    }
    EXPECT_EQ(ec, Status::ShutdownStarted);
    closer.join();
    server_.updateReceiver(nullptr, ec);
    EXPECT_EQ(ec, Status::ShutdownStarted);
    EXPECT_EQ(server_.tryReceive(ec), nullptr);
    EXPECT_EQ(ec, Status::ShutdownStarted);
    EXPECT_THROW(server_.tryReceive(), Error);
}

TEST_F(Blocking, DestroyingTheGroupEndsABlockedThread) {
    ChannelGroup doomed = link_.server.reactor.createGroup();
    const BlockingChannelGroup facade = doomed.blocking();
    std::promise<void> isStarted;
    std::thread blocked([&] {
        isStarted.set_value();
        error_code ec;
        EXPECT_EQ(facade.waitReceive(infinite, ec), nullptr);
        EXPECT_EQ(ec, asio::error::operation_aborted);
    });
    isStarted.get_future().wait();
    doomed = ChannelGroup();
    blocked.join();
}

TEST_F(Blocking, NotOnTheReactorsThread) {
    runOn(link_.server.reactor.executor(),
          [&] { expectNotAllowedHere(server_, link_.atServer, link_.server.reactor); });
    // Another engine's thread may block: that is its own affair.
    runOn(link_.client.reactor.executor(), [&] {
        error_code ec;
        server_.waitReceive(1ms, ec);
        EXPECT_FALSE(ec);
    });
}

TEST(BlockingOnContext, NotInsideAHandlerOfTheCallersContext) {
    asio::io_context context;
    auto work = asio::make_work_guard(context);
    Reactor reactor(context);
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i)
        threads.emplace_back([&] { context.run(); });
    {
        Party party(reactor);
        const Listening listening = party.listen(localTcp());
        const ChannelNumber channel = party.sayHello(listening.address).channelNumber;
        party.acceptHello();
        party.next(OpCode::HelloResponse);
        for (const asio::any_io_executor& executor :
             {reactor.executor(), asio::any_io_executor(context.get_executor())}) {
            std::promise<void> done;
            asio::post(executor, [&] {
                expectNotAllowedHere(party.channels, channel, reactor);
                done.set_value();
            });
            done.get_future().wait();
        }
        reactor.shutdown(patience);
    }
    work.reset();
    for (std::thread& thread : threads)
        thread.join();
}

TEST(BlockingOnContext, TimesOutThoughNobodyRunsTheContext) {
    asio::io_context context;
    Reactor reactor(context);
    ChannelGroup group = reactor.createGroup();
    const BlockingChannelGroup blocking = group.blocking();
    EXPECT_EQ(blocking.waitReceive(2ms), nullptr);
    MessagePtr hello = reactor.get();
    TcpClientAddress{"127.0.0.1", 1}.format(*hello);
    const ChannelNumber channel = blocking.post(std::move(hello)).channelNumber;
    EXPECT_FALSE(blocking.waitWritable(channel, 2ms));
}

TEST_F(Blocking, OneReceiverAndManyPosters) {
    constexpr int posters = 6;
    const std::uint64_t each = scaled(20'000);
    std::vector<std::thread> threads;
    for (int poster = 0; poster < posters; ++poster) {
        threads.emplace_back([&, poster] {
            for (std::uint64_t i = 1; i <= each; ++i) {
                MessagePtr message = link_.client->make(OpCode::Signal, link_.atClient);
                message->header.messageId = static_cast<std::uint64_t>(poster) << 32 | i;
                error_code ec;
                for (client_.post(std::move(message), ec); ec == Status::SendQueueFull;
                     client_.post(std::move(message), ec))
                    client_.waitWritable(link_.atClient);
                ASSERT_FALSE(ec) << ec;
            }
        });
    }
    std::vector<std::uint64_t> last(posters, 0);
    for (std::uint64_t i = 0; i < each * posters;) {
        const MessagePtr message = server_.waitReceive(patience);
        ASSERT_NE(message, nullptr);
        if (message->status() == Status::PoolEmpty) continue;
        ++i;
        const auto poster = static_cast<std::size_t>(message->header.messageId >> 32);
        ASSERT_LT(poster, last.size());
        ASSERT_EQ(message->header.messageId & 0xffffffff, ++last[poster]) << "of poster " << poster;
    }
    for (std::thread& thread : threads)
        thread.join();
    link_.server->expectNothingMore();
}

TEST_F(Blocking, ASecondReceiverIsRefusedAndTheFirstIsNotDisturbed) {
    std::promise<void> isStarted;
    std::future<MessagePtr> first = std::async(std::launch::async, [&] {
        isStarted.set_value();
        // The other may be the first for a moment.
        for (;;) {
            error_code refused;
            MessagePtr message = server_.waitReceive(patience, refused);
            if (refused != Status::NotAllowed) return message;
        }
    });
    isStarted.get_future().wait();
    // Until the first one waits, the second may be the one that does.
    error_code ec;
    do
        EXPECT_EQ(server_.waitReceive(1ms, ec), nullptr);
    while (!ec && first.wait_for(0s) != std::future_status::ready);
    EXPECT_EQ(ec, Status::NotAllowed);
    server_.updateReceiver();
    EXPECT_NE(first.get(), nullptr);
}

TEST_F(Blocking, TryReceiveFromASecondThreadTakesEachMessageOnce) {
    const std::uint64_t count = scaled(50'000);
    std::atomic<std::uint64_t> received{0};
    std::vector<std::atomic<int>> seen(count + 1);
    const auto note = [&](const MessagePtr& message) {
        if (message->status() == Status::PoolEmpty) return;
        ++seen[message->header.messageId];
        ++received;
    };
    std::thread second([&] {
        while (received < count) {
            error_code ec;
            if (const MessagePtr message = server_.tryReceive(ec))
                note(message);
            else
                std::this_thread::yield();
        }
    });
    std::thread poster([&] {
        for (std::uint64_t i = 1; i <= count; ++i) {
            MessagePtr message = link_.client->make(OpCode::Signal, link_.atClient, {}, i);
            error_code ec;
            for (client_.post(std::move(message), ec); ec == Status::SendQueueFull;
                 client_.post(std::move(message), ec))
                client_.waitWritable(link_.atClient);
        }
    });
    while (received < count)
        if (const MessagePtr message = server_.waitReceive(1ms)) note(message);
    poster.join();
    second.join();
    for (std::uint64_t i = 1; i <= count; ++i)
        ASSERT_EQ(seen[i], 1) << "message " << i;
}

TEST_F(Blocking, BusyPollReceivesTheSame) {
    const Options options{.busyPoll = 200us};
    Link polling(options, options);
    for (int i = 0; i < 200; ++i) {
        polling.client->post(OpCode::Request, polling.atClient, std::to_string(i));
        MessagePtr request = polling.server->next(OpCode::Request);
        EXPECT_EQ(request->body.view(), std::to_string(i));
        request->header.opCode = OpCode::Response;
        polling.server->post(std::move(request));
        polling.client->next(OpCode::Response);
    }
    EXPECT_EQ(polling.server->channels.waitReceive(1ms), nullptr);
}

}  // namespace
}  // namespace tempeh::test
