// waitWritable as an Asio operation.

#include "support/engine_fixture.hpp"
#include "support/raw_peer.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <vector>

namespace tempeh::test {
namespace {

using asio::experimental::awaitable_operators::operator||;

constexpr std::size_t writableBodySize = 32 * 1024;

/// A client whose peer reads only when it is told to. On a Unix socket: one of TCP finds room for more after
/// a while, though nobody reads.
class WaitWritable : public ::testing::Test {
protected:
    ~WaitWritable() override { std::filesystem::remove(path_); }
    WaitWritable() {
        channel_ = side_->sayHello(UdsClientAddress{path_}).channelNumber;
        peer_.emplace(server_.accept());
        const Bytes head = peer_->receive(16);
        const auto headersLength =
            std::to_integer<std::size_t>(head.at(12)) * 256 + std::to_integer<std::size_t>(head.at(13));
        peer_->receive(headersLength);
        // Any word opens the channel; the client need not wait for a HelloResponse.
        peer_->send(raw::Frame{.proto = 2}.bytes());
        side_->next(OpCode::Signal);
    }
    MessagePtr make() {
        MessagePtr message = side_->make(OpCode::Signal, channel_);
        message->body.prepare(writableBodySize);
        message->body.commit(writableBodySize);
        return message;
    }
    /// Posts until the queue is full, and the kernel's buffers before it.
    void fillUp() {
        bool isFull = false;
        while (!isFull) {
            while (side_->tryPost(make()) == Status::Success)
                ++posted_;
            // The reactor may still be about to hand some to the kernel, and the kernel to make more room.
            letTheReactorRun();
            isFull = !side_->channels.waitWritable(channel_, 20ms);
            letTheReactorRun();
            isFull = isFull && !side_->channels.waitWritable(channel_, 0ms);
        }
    }
    void letTheReactorRun() { asio::post(side_.reactor.executor(), asio::use_future).get(); }
    /// The peer reads everything that was posted.
    void readAll() {
        EXPECT_EQ(peer_->receive(posted_ * (writableBodySize + 16)).size(),
                  posted_ * (writableBodySize + 16));
    }

    template <typename T>
    T get(std::future<T>& future) {
        if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("hangs");
        return future.get();
    }
    error_code errorOf(std::future<bool>& future) {
        try {
            get(future);
            return {};
        } catch (const boost::system::system_error& failure) {
            return failure.code();
        }
    }
    std::future<bool> wait(Duration timeout = infinite) {
        return side_->group.waitWritable(channel_, timeout, asio::use_future);
    }

    const std::string path_ = temporaryUdsPath();
    raw::Server server_{path_};
    Side side_{Options{.sendQueueMessages = 8, .sendBufferBytes = 64 * 1024}};
    ChannelNumber channel_ = 0;
    std::optional<raw::Peer> peer_;
    std::size_t posted_ = 0;
};

asio::awaitable<bool> waitByDefault(ChannelGroup& group, ChannelNumber channel, Duration timeout) {
    const bool writable = co_await group.waitWritable(channel, timeout);
    co_return writable;
}

TEST_F(WaitWritable, IsTrueAtOnceWhenThereIsRoom) {
    for (const Duration timeout : {Duration(0s), Duration(1s), infinite}) {
        std::future<bool> future = asio::co_spawn(
            side_.reactor.executor(), waitByDefault(side_->group, channel_, timeout), asio::use_future);
        EXPECT_TRUE(get(future));
        future = wait(timeout);
        EXPECT_TRUE(get(future));
    }
}

TEST_F(WaitWritable, IsFalseAtTheTimeout) {
    fillUp();
    for (const Duration timeout : {Duration(-1s), Duration(0s), Duration(2ms)}) {
        std::future<bool> future = wait(timeout);
        EXPECT_FALSE(get(future));
        EXPECT_FALSE(side_->channels.waitWritable(channel_, timeout));
    }
}

TEST_F(WaitWritable, AnyNumberOfWaitersIsToldOfTheRoom) {
    fillUp();
    std::vector<std::future<bool>> waiters;
    for (int i = 0; i < 20; ++i)
        waiters.push_back(wait(i % 2 == 0 ? infinite : patience));
    readAll();
    for (std::future<bool>& waiter : waiters)
        EXPECT_TRUE(get(waiter));
    EXPECT_EQ(side_->tryPost(make()), Status::Success);
}

TEST_F(WaitWritable, WithEveryToken) {
    fillUp();
    asio::thread_pool pool(1);
    std::promise<bool> onPool;
    side_->group.waitWritable(channel_, infinite,
                              asio::bind_executor(pool, [&](const error_code& ec, bool writable) {
                                  EXPECT_FALSE(ec);
                                  EXPECT_TRUE(writable);
                                  onPool.set_value(pool.get_executor().running_in_this_thread());
                              }));
    auto operation = side_->group.waitWritable(channel_, infinite, asio::deferred);
    std::future<bool> started = std::move(operation)(asio::use_future);
    auto tuple = [](ChannelGroup& group, ChannelNumber channel) -> asio::awaitable<bool> {
        auto result = co_await group.waitWritable(channel, infinite, asio::as_tuple(asio::use_awaitable));
        co_return !std::get<0>(result) && std::get<1>(result);
    };
    std::future<bool> inTuple = asio::co_spawn(pool, tuple(side_->group, channel_), asio::use_future);
    readAll();
    EXPECT_TRUE(get(started));
    EXPECT_TRUE(get(inTuple));
    std::future<bool> future = onPool.get_future();
    EXPECT_TRUE(get(future));
    pool.join();
}

TEST_F(WaitWritable, EveryCancellationTypeAbortsThatWaitAlone) {
    fillUp();
    std::future<bool> other = wait();
    asio::thread_pool pool(2);
    for (const asio::any_io_executor& base :
         {asio::any_io_executor(side_.reactor.executor()), asio::any_io_executor(pool.get_executor())}) {
        for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                asio::cancellation_type::total}) {
            const auto strand = asio::make_strand(base);
            asio::cancellation_signal signal;
            std::promise<error_code> ended;
            asio::post(strand, [&] {
                auto handler = [&](const error_code& ec, bool writable) {
                    EXPECT_FALSE(writable);
                    ended.set_value(ec);
                };
                side_->group.waitWritable(
                    channel_, infinite,
                    asio::bind_executor(strand, asio::bind_cancellation_slot(signal.slot(), handler)));
                asio::post(strand, [&] { signal.emit(type); });
            });
            std::future<error_code> future = ended.get_future();
            EXPECT_EQ(get(future), asio::error::operation_aborted);
        }
    }
    readAll();
    EXPECT_TRUE(get(other));
    pool.join();
}

asio::awaitable<std::size_t> writableOrTimer(ChannelGroup& group, ChannelNumber channel, Duration limit) {
    asio::steady_timer timer(co_await asio::this_coro::executor, limit);
    const auto first = co_await (group.waitWritable(channel) || timer.async_wait(asio::use_awaitable));
    co_return first.index();
}

/// Thousands of which each ends in its own way, in any order; nobody has to look at the others for that.
TEST_F(WaitWritable, EachOfThousandsEndsForItself) {
    fillUp();
    constexpr std::size_t count = 3'000;  // of each kind
    std::vector<asio::cancellation_signal> signals(count);
    std::atomic<std::size_t> cancelled{0};
    std::atomic<std::size_t> timedOut{0};
    std::atomic<std::size_t> told{0};
    std::atomic<std::size_t> otherwise{0};
    const auto note = [&](const error_code& ec, bool isWritable) {
        if (ec == asio::error::operation_aborted)
            ++cancelled;
        else if (ec)
            ++otherwise;
        else
            ++(isWritable ? told : timedOut);
    };
    // Asio: an operation is cancelled where its handler runs.
    asio::thread_pool pool(1);
    asio::post(pool, [&] {
        for (std::size_t i = 0; i < count; ++i) {
            const Duration soon = std::chrono::microseconds(1 + (i * 7919) % 5'000);
            const auto executor = pool.get_executor();
            side_->group.waitWritable(
                channel_, infinite,
                asio::bind_executor(executor, asio::bind_cancellation_slot(signals[i].slot(), note)));
            side_->group.waitWritable(channel_, soon, asio::bind_executor(executor, note));
            side_->group.waitWritable(channel_, infinite, asio::bind_executor(executor, note));
        }
        for (std::size_t i = 0; i < count; ++i)
            asio::post(pool, [&signals, index = count - 1 - i] {
                signals[index].emit(asio::cancellation_type::terminal);
            });
    });
    EXPECT_TRUE(eventually([&] { return cancelled == count && timedOut == count; }));
    EXPECT_EQ(told, 0U);
    readAll();
    EXPECT_TRUE(eventually([&] { return told == count; }));
    EXPECT_EQ(otherwise, 0U);
    pool.join();
}

TEST_F(WaitWritable, OrATimer) {
    fillUp();
    asio::thread_pool pool(1);
    for (const asio::any_io_executor& executor :
         {asio::any_io_executor(side_.reactor.executor()), asio::any_io_executor(pool.get_executor())}) {
        std::future<std::size_t> timedOut =
            asio::co_spawn(executor, writableOrTimer(side_->group, channel_, 1ms), asio::use_future);
        EXPECT_EQ(get(timedOut), 1U);
    }
    readAll();
    std::future<std::size_t> inTime =
        asio::co_spawn(pool, writableOrTimer(side_->group, channel_, patience), asio::use_future);
    EXPECT_EQ(get(inTime), 0U);
    pool.join();
}

TEST_F(WaitWritable, EndsWithTheChannel) {
    fillUp();
    std::future<bool> future = wait();
    peer_->reset();
    EXPECT_EQ(errorOf(future), Status::ChannelClosed);
    future = wait();
    EXPECT_EQ(errorOf(future), Status::ChannelClosed) << "its ChannelClosed is not received yet";
    side_->collectUntilClosed(channel_);
    future = wait();
    EXPECT_EQ(errorOf(future), Status::InvalidChannelNumber);
}

TEST_F(WaitWritable, EndsWithTheGroupAndWithTheEngine) {
    fillUp();
    std::future<bool> future = wait();
    side_.reactor.shutdown(1ms);
    const error_code ec = errorOf(future);
    EXPECT_TRUE(ec == Status::ChannelClosed || ec == Status::ShutdownStarted) << ec;
    ChannelGroup empty;
    future = empty.waitWritable(channel_, infinite,
                                asio::bind_executor(asio::system_executor(), asio::use_future));
    EXPECT_EQ(errorOf(future), Status::InvalidChannelGroup);
}

TEST_F(WaitWritable, DestroyingTheGroupEndsIt) {
    Side other(Options{.sendQueueMessages = 8, .lingerTimeout = 0s, .sendBufferBytes = 64 * 1024});
    fillUp();
    std::future<bool> future = wait();
    side_->group = ChannelGroup();
    EXPECT_TRUE(errorOf(future));
}

TEST_F(WaitWritable, IsForChannelsOfTheGroupOnly) {
    const Listening listening = side_->listen(localTcp());
    std::future<bool> future = side_->group.waitWritable(listening.channel, infinite, asio::use_future);
    EXPECT_EQ(errorOf(future), Status::NotAllowed) << "a listener sends nothing";
    future = side_->group.waitWritable(0, infinite, asio::use_future);
    EXPECT_EQ(errorOf(future), Status::InvalidChannelNumber);
    Party stranger(side_.reactor);
    future = stranger.group.waitWritable(channel_, infinite, asio::use_future);
    EXPECT_EQ(errorOf(future), Status::InvalidChannelGroup);
}

}  // namespace
}  // namespace tempeh::test
