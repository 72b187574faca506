// A hundred thousand waits ended by a timeout or a cancellation while messages arrive: none lost, none twice,
// all in order.

#include "support/engine_fixture.hpp"
#include "support/scale.hpp"
#include "support/tsan_quirks.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <future>
#include <random>
#include <thread>

namespace tempeh::test {
namespace {

using asio::experimental::awaitable_operators::operator||;

/// Ends waits in every way there is, at random moments, and posts the messages that they race with.
class Storm {
public:
    Storm(Link& link, std::uint64_t endsWanted) : link_(link), endsWanted_(endsWanted) {}

    /// How many waits ended without a message.
    asio::awaitable<std::uint64_t> run() {
        while (ends_ < endsWanted_ && !failed_) {
            if (random(2) == 0) post();
            co_await waitOnce();
        }
        // Whatever is still on its way.
        while (received_ < posted_ && !failed_) {
            const MessagePtr message = co_await link_.server->group.waitReceive(patience);
            note(message);
            if (message == nullptr) break;
        }
        EXPECT_EQ(received_, posted_);
        co_return ends_;
    }
    std::uint64_t posted() const { return posted_; }

private:
    std::uint64_t random(std::uint64_t below) { return engine_() % below; }

    void post() {
        MessagePtr message = link_.client.reactor.get();
        message->header.opCode = OpCode::Signal;
        message->header.channelNumber = link_.atClient;
        message->header.messageId = ++posted_;
        link_.client->group.post(std::move(message));
    }
    void note(const MessagePtr& message) {
        if (message == nullptr) {
            ++ends_;
            return;
        }
        if (message->status() == Status::PoolEmpty) return;
        ++received_;
        EXPECT_EQ(message->header.messageId, received_) << "lost, twice or out of order";
        failed_ = message->header.messageId != received_;
    }

    asio::awaitable<void> waitOnce() {
        switch (random(4)) {
            case 0:
                co_await waitWithTimeout();
                break;
            case 1:
                co_await waitOrTimer();
                break;
            case 2:
                co_await waitWithSignal();
                break;
            default:
                co_await waitInsideOr();
                break;
        }
    }

    asio::awaitable<void> waitWithTimeout() {
        const MessagePtr message = co_await group().waitReceive(std::chrono::microseconds(random(40)));
        note(message);
    }

    asio::awaitable<void> waitOrTimer() {
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::microseconds(random(40)));
        auto first = co_await (group().waitReceive() || timer.async_wait(asio::use_awaitable));
        const MessagePtr message = first.index() == 0 ? std::get<0>(std::move(first)) : MessagePtr();
        note(message);
    }

    /// Both sides are ended by themselves; the timeout's null must not win over the other's message.
    asio::awaitable<void> waitInsideOr() {
        const Duration timeout = std::chrono::microseconds(random(40));
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::microseconds(random(40)));
        auto first = co_await (group().waitReceive(timeout) || timer.async_wait(asio::use_awaitable));
        const MessagePtr message = first.index() == 0 ? std::get<0>(std::move(first)) : MessagePtr();
        note(message);
    }

    /// The signal comes after a number of turns of the executor.
    asio::awaitable<void> waitWithSignal() {
        const auto executor = co_await asio::this_coro::executor;
        const auto signal = std::make_shared<asio::cancellation_signal>();
        const asio::cancellation_type types[] = {asio::cancellation_type::terminal,
                                                 asio::cancellation_type::partial,
                                                 asio::cancellation_type::total};
        emitLater(executor, signal, types[random(3)], static_cast<int>(random(12)));
        error_code ec;
        const MessagePtr message = co_await group().waitReceive(
            infinite,
            asio::bind_cancellation_slot(signal->slot(), asio::redirect_error(asio::use_awaitable, ec)));
        EXPECT_EQ(message == nullptr, ec == asio::error::operation_aborted);
        note(message);
    }

    static void emitLater(const asio::any_io_executor& executor,
                          const std::shared_ptr<asio::cancellation_signal>& signal,
                          asio::cancellation_type type, int turns) {
        asio::post(executor, [=] {
            if (turns == 0)
                signal->emit(type);
            else
                emitLater(executor, signal, type, turns - 1);
        });
    }

    ChannelGroup& group() { return link_.server->group; }

    Link& link_;
    const std::uint64_t endsWanted_;
    std::minstd_rand engine_{7};
    std::uint64_t posted_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t ends_ = 0;
    bool failed_ = false;
};

/// For each of the three executors: more than a hundred thousand in all.
constexpr std::uint64_t endsPerStorm = 34'000;

class ReceiveCancel : public ::testing::Test {
protected:
    void storm(const asio::any_io_executor& executor) {
        Storm storm(link_, scaled(endsPerStorm));
        std::future<std::uint64_t> ends = asio::co_spawn(executor, storm.run(), asio::use_future);
        EXPECT_GE(ends.get(), scaled(endsPerStorm));
        EXPECT_GE(storm.posted(), scaled(endsPerStorm) / 10) << "hardly anything to race with";
        EXPECT_EQ(link_.server->group.stats().pending, 0U);
        EXPECT_EQ(link_.server->group.stats().received.messages, storm.posted() + 1) << "and the hello";
    }

    Link link_;
};

TEST_F(ReceiveCancel, LosesNothingBesideTheSockets) {
    storm(link_.server.reactor.executor());
}

TEST_F(ReceiveCancel, LosesNothingOnAnotherContext) {
    asio::io_context context(1);
    auto work = asio::make_work_guard(context);
    std::thread thread([&] { context.run(); });
    storm(context.get_executor());
    work.reset();
    thread.join();
}

TEST_F(ReceiveCancel, LosesNothingOnAStrandOfAPool) {
    asio::thread_pool pool(2);
    storm(asio::make_strand(pool));
    pool.join();
}

}  // namespace
}  // namespace tempeh::test
