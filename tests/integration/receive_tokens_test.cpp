// waitReceive with every kind of completion token.

#include "support/engine_fixture.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

namespace tempeh::test {
namespace {

using asio::experimental::awaitable_operators::operator||;

/// What a token delivered.
struct TokenOutcome {
    error_code ec;
    std::string body;
    bool isNull = true;
    bool wasOnEngine = false;
};

class ReceiveTokens : public ::testing::Test {
protected:
    /// A message that arrives at the group from another thread.
    void send(std::string_view body) {
        MessagePtr message = side_.reactor.get();
        message->header.opCode = OpCode::Signal;
        message->body.append(body);
        side_->channels.updateReceiver(std::move(message));
    }
    /// Runs the coroutine on the executor and gives its result.
    template <typename T>
    T run(const asio::any_io_executor& executor, asio::awaitable<T> coroutine) {
        std::future<T> future = asio::co_spawn(executor, std::move(coroutine), asio::use_future);
        if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("hangs");
        return future.get();
    }
    template <typename T>
    T run(asio::awaitable<T> coroutine) {
        return run<T>(side_.reactor.executor(), std::move(coroutine));
    }
    /// A handler that fulfils `promise`.
    auto fulfilling(std::promise<TokenOutcome>& promise) {
        return [this, &promise](const error_code& ec, const MessagePtr& message) {
            TokenOutcome outcome;
            outcome.ec = ec;
            outcome.isNull = message == nullptr;
            if (message != nullptr) outcome.body = message->body.view();
            error_code blocked;
            side_->channels.waitReceive(0s, blocked);
            outcome.wasOnEngine = blocked == Status::NotAllowed;
            promise.set_value(outcome);
        };
    }
    TokenOutcome get(std::promise<TokenOutcome>& promise) {
        std::future<TokenOutcome> future = promise.get_future();
        if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("hangs");
        return future.get();
    }

    ChannelGroup& group() { return side_->group; }

    Side side_;
    Reactor& reactor_ = side_.reactor;
};

asio::awaitable<std::string> receiveText(ChannelGroup& group) {
    MessagePtr message = co_await group.waitReceive();
    co_return std::string(message->body.view());
}

TEST_F(ReceiveTokens, TheDefaultIsAnAwaitable) {
    send("ready");
    EXPECT_EQ(run(receiveText(group())), "ready");
    std::future<std::string> later =
        asio::co_spawn(reactor_.executor(), receiveText(group()), asio::use_future);
    send("late");
    EXPECT_EQ(later.get(), "late");
}

asio::awaitable<bool> receiveNothing(ChannelGroup& group, Duration timeout) {
    const MessagePtr message = co_await group.waitReceive(timeout);
    co_return message == nullptr;
}

TEST_F(ReceiveTokens, ATimeoutIsNullAndNoError) {
    EXPECT_TRUE(run(receiveNothing(group(), 0s)));
    EXPECT_TRUE(run(receiveNothing(group(), -1s)));
    EXPECT_TRUE(run(receiveNothing(group(), 1ms)));
    send("kept");
    EXPECT_EQ(run(receiveText(group())), "kept");
}

TEST_F(ReceiveTokens, UseFuture) {
    std::future<MessagePtr> future = group().waitReceive(infinite, asio::use_future);
    EXPECT_EQ(future.wait_for(0s), std::future_status::timeout);
    send("future");
    EXPECT_EQ(future.get()->body.view(), "future");
    EXPECT_EQ(group().waitReceive(1ms, asio::use_future).get(), nullptr);
    side_.reactor.shutdown(1s);
    EXPECT_THROW(group().waitReceive(asio::use_future).get(), boost::system::system_error);
}

TEST_F(ReceiveTokens, ACallbackRunsOnTheEngine) {
    std::promise<TokenOutcome> promise;
    group().waitReceive(fulfilling(promise));
    send("callback");
    const TokenOutcome outcome = get(promise);
    EXPECT_FALSE(outcome.ec);
    EXPECT_EQ(outcome.body, "callback");
    EXPECT_TRUE(outcome.wasOnEngine);
}

TEST_F(ReceiveTokens, DeferredDoesNothingUntilItIsStarted) {
    auto operation = group().waitReceive(infinite, asio::deferred);
    send("first");
    EXPECT_EQ(side_->next()->body.view(), "first") << "nobody waits yet";
    std::promise<TokenOutcome> promise;
    std::move(operation)(fulfilling(promise));
    send("second");
    EXPECT_EQ(get(promise).body, "second");
}

asio::awaitable<std::string> receiveTuple(ChannelGroup& group) {
    auto result = co_await group.waitReceive(infinite, asio::as_tuple(asio::use_awaitable));
    const error_code ec = std::get<0>(result);
    MessagePtr message = std::get<1>(std::move(result));
    co_return ec ? ec.message() : std::string(message->body.view());
}

TEST_F(ReceiveTokens, AsTuple) {
    send("tuple");
    EXPECT_EQ(run(receiveTuple(group())), "tuple");
    reactor_.shutdown(1s);
    asio::io_context other;
    std::future<std::string> ended = asio::co_spawn(other, receiveTuple(group()), asio::use_future);
    other.run();
    EXPECT_EQ(ended.get(), make_error_code(Status::ShutdownStarted).message());
}

asio::awaitable<error_code> receiveRedirected(ChannelGroup& group) {
    error_code ec;
    const MessagePtr message =
        co_await group.waitReceive(infinite, asio::redirect_error(asio::use_awaitable, ec));
    EXPECT_EQ(message != nullptr, !ec);
    co_return ec;
}

TEST_F(ReceiveTokens, RedirectError) {
    send("text");
    EXPECT_FALSE(run(receiveRedirected(group())));
    reactor_.shutdown(1s);
    asio::io_context other;
    std::future<error_code> ended = asio::co_spawn(other, receiveRedirected(group()), asio::use_future);
    other.run();
    EXPECT_EQ(ended.get(), Status::ShutdownStarted);
}

TEST_F(ReceiveTokens, BindExecutorDecidesWhereItCompletes) {
    asio::thread_pool pool(1);
    std::promise<bool> onPool;
    group().waitReceive(infinite, asio::bind_executor(pool, [&](const error_code&, const MessagePtr&) {
                            onPool.set_value(pool.get_executor().running_in_this_thread());
                        }));
    send("text");
    EXPECT_TRUE(onPool.get_future().get());
    std::promise<TokenOutcome> promise;
    group().waitReceive(infinite, asio::bind_executor(pool, fulfilling(promise)));
    send("text");
    EXPECT_FALSE(get(promise).wasOnEngine);
    pool.join();
}

TEST_F(ReceiveTokens, ACoroutineElsewhereStaysElsewhere) {
    asio::thread_pool pool(1);
    auto receiveThere = [](ChannelGroup& from, asio::thread_pool& where) -> asio::awaitable<bool> {
        const MessagePtr message = co_await from.waitReceive();
        co_return message != nullptr&& where.get_executor().running_in_this_thread();
    };
    std::future<bool> future = asio::co_spawn(pool, receiveThere(group(), pool), asio::use_future);
    send("text");
    EXPECT_TRUE(future.get());
    pool.join();
}

/// Counts what it gives out.
template <typename T>
struct CountingAllocator {
    using value_type = T;
    explicit CountingAllocator(std::atomic<int>& counter) : count(&counter) {}
    template <typename U>
    CountingAllocator(const CountingAllocator<U>& other) : count(other.count) {}
    T* allocate(std::size_t size) {
        ++*count;
        return std::allocator<T>().allocate(size);
    }
    void deallocate(T* pointer, std::size_t size) { std::allocator<T>().deallocate(pointer, size); }
    template <typename U>
    bool operator==(const CountingAllocator<U>& other) const {
        return count == other.count;
    }
    std::atomic<int>* count;
};

TEST_F(ReceiveTokens, TheAssociatedAllocatorIsUsed) {
    std::atomic<int> allocations{0};
    std::promise<TokenOutcome> promise;
    group().waitReceive(infinite,
                        asio::bind_allocator(CountingAllocator<void>(allocations), fulfilling(promise)));
    EXPECT_GE(allocations, 1);
    send("text");
    EXPECT_EQ(get(promise).body, "text");
}

TEST_F(ReceiveTokens, AHandlerIsNeverCalledFromTheInitiator) {
    send("there already");
    std::promise<TokenOutcome> promise;
    auto future = promise.get_future();
    std::promise<bool> ranInline;
    asio::post(reactor_.executor(), [&] {
        group().waitReceive([&](const error_code& ec, const MessagePtr& message) {
            TokenOutcome outcome;
            outcome.ec = ec;
            outcome.body = message->body.view();
            promise.set_value(outcome);
        });
        ranInline.set_value(future.wait_for(0s) == std::future_status::ready);
    });
    EXPECT_FALSE(ranInline.get_future().get());
    EXPECT_EQ(future.get().body, "there already");
}

TEST_F(ReceiveTokens, ZeroTimeoutsAndRefusalsAreNeverInlineEither) {
    std::promise<int> calls;
    asio::post(reactor_.executor(), [&] {
        auto count = std::make_shared<int>(0);
        group().waitReceive(0s, [count](const error_code& ec, const MessagePtr& message) {
            EXPECT_FALSE(ec);
            EXPECT_EQ(message, nullptr);
            ++*count;
        });
        group().waitReceive(0s, [count](const error_code& ec, const MessagePtr&) {
            EXPECT_EQ(ec, Status::NotAllowed) << "the first is not over before its handler has run";
            ++*count;
        });
        EXPECT_EQ(*count, 0);
        asio::post(reactor_.executor(), [count, &calls] { calls.set_value(*count); });
    });
    EXPECT_EQ(calls.get_future().get(), 2);
}

asio::awaitable<std::size_t> receiveOrTimer(ChannelGroup& group, Duration limit) {
    asio::steady_timer timer(co_await asio::this_coro::executor, limit);
    const auto first = co_await (group.waitReceive() || timer.async_wait(asio::use_awaitable));
    co_return first.index();
}

TEST_F(ReceiveTokens, OrATimer) {
    EXPECT_EQ(run(receiveOrTimer(group(), 1ms)), 1U);
    send("kept");
    EXPECT_EQ(run(receiveOrTimer(group(), patience)), 0U);
    EXPECT_EQ(run(receiveOrTimer(group(), 0ms)), 1U);
    std::future<std::size_t> waiting =
        asio::co_spawn(reactor_.executor(), receiveOrTimer(group(), patience), asio::use_future);
    send("late");
    EXPECT_EQ(waiting.get(), 0U);
    EXPECT_EQ(side_->group.stats().pending, 0U);
}

/// What cancel_after does, for those whose Asio has none: the operation, or nothing in time.
template <typename Token>
auto receiveWithin(ChannelGroup& group, asio::steady_timer& timer, Duration limit, Token&& token) {
    timer.expires_after(limit);
    return asio::experimental::make_parallel_group(group.waitReceive(infinite, asio::deferred),
                                                   timer.async_wait(asio::deferred))
        .async_wait(asio::experimental::wait_for_one(), std::forward<Token>(token));
}

TEST_F(ReceiveTokens, InAParallelGroup) {
    asio::io_context other;
    asio::steady_timer timer(other);
    int completed = 0;
    const auto bound = [&](auto handler) { return asio::bind_executor(other, std::move(handler)); };
    receiveWithin(group(), timer, 1ms,
                  bound([&](std::array<std::size_t, 2> order, const error_code& ec, const MessagePtr& message,
                            const error_code&) {
                      EXPECT_EQ(order[0], 1U);
                      EXPECT_EQ(ec, asio::error::operation_aborted);
                      EXPECT_EQ(message, nullptr);
                      ++completed;
                  }));
    other.run();
    send("in time");
    receiveWithin(group(), timer, patience,
                  bound([&](std::array<std::size_t, 2> order, const error_code& ec, const MessagePtr& message,
                            const error_code& timerEc) {
                      EXPECT_EQ(order[0], 0U);
                      EXPECT_FALSE(ec);
                      ASSERT_NE(message, nullptr);
                      EXPECT_EQ(message->body.view(), "in time");
                      EXPECT_EQ(timerEc, asio::error::operation_aborted);
                      ++completed;
                  }));
    other.restart();
    other.run();
    EXPECT_EQ(completed, 2);
}

/// A composed operation of an application's own: the second message.
struct SecondMessage {
    ChannelGroup& group;
    int received = 0;

    template <typename Self>
    void operator()(Self& self) {
        group.waitReceive(infinite, std::move(self));
    }
    template <typename Self>
    void operator()(Self& self, error_code ec, MessagePtr message) {
        if (ec || ++received == 2) return self.complete(ec, std::move(message));
        group.waitReceive(infinite, std::move(self));
    }
};

TEST_F(ReceiveTokens, AsAStepOfAComposedOperation) {
    asio::thread_pool pool(1);
    asio::use_future_t<> token;
    std::future<MessagePtr> future = asio::async_compose<asio::use_future_t<>, void(error_code, MessagePtr)>(
        SecondMessage{group()}, token, pool);
    send("one");
    send("two");
    EXPECT_EQ(future.get()->body.view(), "two");
    pool.join();
}

}  // namespace
}  // namespace tempeh::test
