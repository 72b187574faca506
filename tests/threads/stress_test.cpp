// Many threads in everything at once; the thread sanitizer is the judge, the counters are the proof that
// something happened.

#include "support/engine_fixture.hpp"
#include "support/scale.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace tempeh::test {
namespace {

constexpr std::uint64_t stressRounds = isSanitized ? 1500 : 3000;

/// Threads that run until all of them are done.
class Crowd {
public:
    template <typename Work>
    void add(Work work) {
        threads_.emplace_back(std::move(work));
    }
    void join() {
        for (std::thread& thread : threads_)
            thread.join();
        threads_.clear();
    }

private:
    std::vector<std::thread> threads_;
};

/// Answers everything until its group or engine ends.
asio::awaitable<void> echo(ChannelGroup& group) {
    error_code ec;
    for (;;) {
        MessagePtr message =
            co_await group.waitReceive(infinite, asio::redirect_error(asio::use_awaitable, ec));
        if (ec) co_return;
        if (message->isFromEngine()) continue;
        if (message->header.opCode == OpCode::HelloRequest)
            message->header.opCode = OpCode::HelloResponse;
        else if (message->header.opCode == OpCode::Request)
            message->header.opCode = OpCode::Response;
        else
            continue;
        group.post(std::move(message), ec);
    }
}

class Stress : public ::testing::Test {
protected:
    Stress() {
        Party party(serving_);
        listening_ = party.listen(localTcp());
        server_ = std::move(party.group);
        echo_ = asio::co_spawn(serving_.executor(), echo(server_), asio::use_future);
    }
    ~Stress() override {
        serving_.shutdown(patience);
        echo_.wait();
    }

    Reactor serving_;
    ChannelGroup server_;
    Listening listening_;
    std::future<void> echo_;
};

TEST_F(Stress, EveryCallOnOneGroupFromManyThreads) {
    Reactor reactor;
    Party party(reactor);
    const ChannelNumber channel = party.sayHello(listening_.address).channelNumber;
    party.next(OpCode::HelloResponse);
    std::atomic<std::uint64_t> posted{0};
    std::atomic<std::uint64_t> answered{0};
    std::atomic<bool> isDone{false};
    Crowd crowd;
    Crowd onlookers;
    for (int i = 0; i < 3; ++i) {
        crowd.add([&] {
            for (std::uint64_t round = 0; round < stressRounds; ++round) {
                error_code ec;
                MessagePtr message = party.make(OpCode::Request, channel, "ask");
                party.channels.post(std::move(message), ec);
                if (!ec) ++posted;
                if (round % 16 == 0) party.channels.waitWritable(channel, 1ms, ec);
                if (round % 8 == 0) party.channels.updateReceiver(nullptr, ec);
            }
        });
    }
    for (int i = 0; i < 2; ++i) {
        onlookers.add([&] {
            while (!isDone) {
                error_code ec;
                party.channels.channelInfo(channel, ec);
                party.group.stats();
                reactor.stats();
                if (const MessagePtr message = party.channels.tryReceive(ec); message != nullptr)
                    answered += message->header.opCode == OpCode::Response ? 1 : 0;
                party.group.waitWritable(channel, 1us, asio::use_future).get();
                std::this_thread::yield();
            }
        });
    }
    std::thread closer([&] {
        crowd.join();
        while (answered < posted)
            std::this_thread::yield();
        isDone = true;
        party.channels.updateReceiver();
    });
    while (!isDone) {
        const MessagePtr message = party.channels.waitReceive(patience);
        ASSERT_NE(message, nullptr);
        if (message->header.opCode == OpCode::Response) ++answered;
    }
    closer.join();
    onlookers.join();
    EXPECT_EQ(answered, posted);
    EXPECT_GT(posted, 0U);
}

TEST_F(Stress, CancelledReceivesWhileOthersPost) {
    Reactor reactor;
    Party party(reactor);
    const ChannelNumber channel = party.sayHello(listening_.address).channelNumber;
    party.next(OpCode::HelloResponse);
    asio::io_context context(1);
    auto work = asio::make_work_guard(context);
    std::thread runner([&] { context.run(); });
    std::atomic<std::uint64_t> posted{0};
    Crowd crowd;
    for (int i = 0; i < 2; ++i) {
        crowd.add([&] {
            for (std::uint64_t round = 0; round < stressRounds; ++round) {
                error_code ec;
                MessagePtr message = party.make(OpCode::Request, channel, "ask");
                party.channels.post(std::move(message), ec);
                if (!ec) ++posted;
            }
        });
    }
    // One receiver at a time: cancelled on its context, timed out, or served; on either executor.
    std::uint64_t answered = 0;
    const auto receiveOnce = [&](std::uint64_t round) {
        asio::cancellation_signal signal;
        const bool here = round % 2 == 0;
        const asio::any_io_executor executor =
            here ? reactor.executor() : asio::any_io_executor(context.get_executor());
        std::promise<MessagePtr> promise;
        asio::post(executor, [&] {
            auto handler = [&](const error_code&, MessagePtr message) {
                promise.set_value(std::move(message));
            };
            party.group.waitReceive(round % 3 == 0 ? Duration(20us) : Duration(patience),
                                    asio::bind_executor(executor, asio::bind_cancellation_slot(
                                                                      signal.slot(), std::move(handler))));
            if (round % 3 == 1) asio::post(executor, [&] { signal.emit(asio::cancellation_type::terminal); });
        });
        const MessagePtr message = promise.get_future().get();
        if (message != nullptr && message->header.opCode == OpCode::Response) ++answered;
        // The signal must outlive what emits it.
        std::promise<void> passed;
        asio::post(executor, [&] { passed.set_value(); });
        passed.get_future().wait();
    };
    for (std::uint64_t round = 0; round < stressRounds; ++round)
        receiveOnce(round);
    crowd.join();
    while (answered < posted)
        answered += party.next()->header.opCode == OpCode::Response ? 1 : 0;
    EXPECT_EQ(answered, posted);
    EXPECT_GT(posted, stressRounds);
    work.reset();
    runner.join();
}

TEST_F(Stress, ChannelsOpenAndCloseInEveryThread) {
    Reactor reactor;
    std::atomic<std::uint64_t> closed{0};
    std::atomic<bool> isDone{false};
    Crowd crowd;
    Crowd onlookers;
    for (int i = 0; i < 4; ++i) {
        crowd.add([&, i] {
            Party party(reactor);
            for (std::uint64_t round = 0; round < stressRounds / 20 + 5; ++round) {
                const ChannelNumber channel = party.sayHello(listening_.address).channelNumber;
                for (int request = 0; request < 5; ++request)
                    party.post(OpCode::Request, channel, "ask");
                if (round % 2 == 0) party.waitFor(OpCode::Response);
                party.post(
                    (round + static_cast<std::uint64_t>(i)) % 3 == 0 ? OpCode::ByeSignal : OpCode::ByeRequest,
                    channel);
                party.collectUntilClosed(channel);
                ++closed;
            }
        });
    }
    onlookers.add([&] {
        while (!isDone) {
            reactor.stats();
            for (int number = 1; number < 65'535 && !isDone; number += 97) {
                error_code ec;
                server_.channelInfo(static_cast<ChannelNumber>(number), ec);
            }
            std::this_thread::yield();
        }
    });
    crowd.join();
    isDone = true;
    onlookers.join();
    EXPECT_EQ(closed, 4 * (stressRounds / 20 + 5));
    EXPECT_EQ(reactor.stats().channels, 0U);
}

TEST_F(Stress, ShutdownInTheMiddleOfEverything) {
    for (std::uint64_t round = 0; round < stressRounds / 100 + 5; ++round) {
        Reactor reactor;
        Party party(reactor);
        const ChannelNumber channel = party.sayHello(listening_.address).channelNumber;
        party.next(OpCode::HelloResponse);
        std::promise<void> isUnderWay;
        std::atomic<int> toGo{3};
        Crowd crowd;
        for (int i = 0; i < 3; ++i) {
            crowd.add([&] {
                error_code ec;
                for (int posted = 0; ec != Status::ShutdownStarted && ec != Status::InvalidChannelNumber;
                     ++posted) {
                    if (posted == 20 && --toGo == 0) isUnderWay.set_value();  // nothing ends before this
                    MessagePtr message = party.make(OpCode::Request, channel, "ask");
                    party.channels.post(std::move(message), ec);
                    if (ec == Status::SendQueueFull) party.channels.waitWritable(channel, 1ms, ec);
                    if (ec == Status::ChannelClosed) break;
                    error_code ignored;
                    party.channels.updateReceiver(nullptr, ignored);
                    party.channels.channelInfo(channel, ignored);
                    reactor.stats();
                }
            });
        }
        std::thread receiver([&] {
            error_code ec;
            while (ec != Status::ShutdownStarted)
                party.channels.waitReceive(infinite, ec);
        });
        isUnderWay.get_future().wait();
        Crowd closers;
        for (int i = 0; i < 2; ++i)
            closers.add([&] { reactor.shutdown(patience); });
        closers.join();
        crowd.join();
        receiver.join();
        error_code ec;
        reactor.createGroup(ec);
        EXPECT_EQ(ec, Status::ShutdownStarted);
    }
}

}  // namespace
}  // namespace tempeh::test
