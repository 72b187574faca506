// What ends a waitReceive besides a message: timeouts, cancellation, a rival, the end of group and engine.

#include "support/engine_fixture.hpp"

#include <tempeh/tempeh.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <thread>

namespace tempeh::test {
namespace {

/// An io_context with a thread of its own.
class OtherContext {
public:
    OtherContext() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}
    ~OtherContext() {
        work_.reset();
        thread_.join();
    }
    asio::any_io_executor executor() { return context_.get_executor(); }

private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::thread thread_;
};

/// Where a handler runs: beside the sockets, on another context, on a pool.
class ReceiveOn : public ::testing::TestWithParam<const char*> {
protected:
    asio::any_io_executor executor() {
        const std::string_view where = GetParam();
        if (where == "reactor") return side_.reactor.executor();
        if (where == "pool") return pool_.get_executor();
        return context_.executor();
    }
    /// A waitReceive whose handler runs there.
    std::future<MessagePtr> receive(Duration timeout = infinite) {
        return group().waitReceive(timeout, asio::bind_executor(executor(), asio::use_future));
    }
    /// The same, startable from there only: the initiator runs there too.
    std::future<MessagePtr> receiveFromThere(Duration timeout = infinite) {
        auto waiting = [](ChannelGroup& from, Duration limit) -> asio::awaitable<MessagePtr> {
            MessagePtr message = co_await from.waitReceive(limit);
            co_return message;
        };
        return asio::co_spawn(executor(), waiting(group(), timeout), asio::use_future);
    }
    template <typename T>
    T get(std::future<T>& future) {
        if (future.wait_for(patience) != std::future_status::ready) throw std::runtime_error("hangs");
        return future.get();
    }
    error_code errorOf(std::future<MessagePtr>& future) {
        try {
            get(future);
            return {};
        } catch (const boost::system::system_error& failure) {
            return failure.code();
        }
    }
    void send(std::string_view body) {
        MessagePtr message = side_.reactor.get();
        message->header.opCode = OpCode::Signal;
        message->body.append(body);
        side_->channels.updateReceiver(std::move(message));
    }
    ChannelGroup& group() { return side_->group; }

    OtherContext context_;
    asio::thread_pool pool_{2};
    Side side_;
};

INSTANTIATE_TEST_SUITE_P(Everywhere, ReceiveOn, ::testing::Values("reactor", "context", "pool"),
                         [](const auto& one) { return std::string(one.param); });

TEST_P(ReceiveOn, AMessageArrives) {
    std::future<MessagePtr> future = receive();
    send("one");
    EXPECT_EQ(get(future)->body.view(), "one");
    future = receiveFromThere();
    send("two");
    EXPECT_EQ(get(future)->body.view(), "two");
}

TEST_P(ReceiveOn, TimeoutsAreNull) {
    for (const Duration timeout : {Duration(-1s), Duration(0s), Duration(1ns), Duration(2ms)}) {
        std::future<MessagePtr> future = receive(timeout);
        EXPECT_EQ(get(future), nullptr);
        future = receiveFromThere(timeout);
        EXPECT_EQ(get(future), nullptr);
    }
}

TEST_P(ReceiveOn, AZeroTimeoutGivesWhatIsThere) {
    send("there");
    std::future<MessagePtr> future = receive(0s);
    EXPECT_EQ(get(future)->body.view(), "there");
}

TEST_P(ReceiveOn, TheLongestTimeoutsDoNotOverflow) {
    for (const Duration timeout : {infinite, infinite - 1ns, Duration(std::chrono::hours(24 * 365 * 200))}) {
        std::future<MessagePtr> future = receiveFromThere(timeout);
        send("text");
        EXPECT_NE(get(future), nullptr);
    }
}

TEST_P(ReceiveOn, EveryCancellationTypeAborts) {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                            asio::cancellation_type::total}) {
        // Slot and handler belong to one strand, as Asio asks for.
        const auto strand = asio::make_strand(executor());
        asio::cancellation_signal signal;
        std::promise<error_code> ended;
        asio::post(strand, [&] {
            auto handler = [&](const error_code& ec, const MessagePtr& message) {
                EXPECT_EQ(message, nullptr);
                ended.set_value(ec);
            };
            group().waitReceive(
                infinite, asio::bind_executor(strand, asio::bind_cancellation_slot(signal.slot(), handler)));
            asio::post(strand, [&] { signal.emit(type); });
        });
        std::future<error_code> future = ended.get_future();
        EXPECT_EQ(get(future), asio::error::operation_aborted);
        send("later");
        EXPECT_EQ(side_->next()->body.view(), "later");
    }
}

TEST_P(ReceiveOn, ASecondReceiverIsRefused) {
    std::future<MessagePtr> first = receive();
    std::future<MessagePtr> second = receive();
    EXPECT_EQ(errorOf(second), Status::NotAllowed);
    error_code ec;
    EXPECT_EQ(side_->channels.waitReceive(1s, ec), nullptr);
    EXPECT_EQ(ec, Status::NotAllowed);
    send("for the first");
    EXPECT_EQ(get(first)->body.view(), "for the first");
}

TEST_P(ReceiveOn, ShutdownEndsItOnceDrained) {
    send("before");
    side_.reactor.shutdown(patience);
    std::future<MessagePtr> future = receive();
    EXPECT_EQ(get(future)->body.view(), "before");
    for (int i = 0; i < 2; ++i) {
        future = receive();
        EXPECT_EQ(errorOf(future), Status::ShutdownStarted);
    }
    error_code ec;
    EXPECT_EQ(side_->channels.waitReceive(infinite, ec), nullptr);
    EXPECT_EQ(ec, Status::ShutdownStarted);
}

TEST_P(ReceiveOn, ShutdownEndsAPendingWait) {
    std::future<MessagePtr> future = receiveFromThere();
    std::future<MessagePtr> probe = receive(0s);  // one of the two waits, the other is refused
    const error_code refused = errorOf(probe);
    side_.reactor.shutdown(patience);
    const error_code ec = errorOf(future);
    EXPECT_TRUE(ec == Status::ShutdownStarted || (ec == Status::NotAllowed && !refused));
}

TEST_P(ReceiveOn, DestroyingTheGroupAbortsAPendingWait) {
    ChannelGroup doomed = side_.reactor.createGroup();
    std::future<MessagePtr> future =
        doomed.waitReceive(infinite, asio::bind_executor(executor(), asio::use_future));
    doomed = ChannelGroup();
    EXPECT_EQ(errorOf(future), asio::error::operation_aborted);
}

TEST_P(ReceiveOn, AMovedGroupKeepsItsPendingWait) {
    ChannelGroup original = side_.reactor.createGroup();
    std::future<MessagePtr> future =
        original.waitReceive(infinite, asio::bind_executor(executor(), asio::use_future));
    ChannelGroup moved = std::move(original);
    EXPECT_FALSE(original);
    moved.updateReceiver();
    EXPECT_NE(get(future), nullptr);
    ChannelGroup victim = side_.reactor.createGroup();
    future = victim.waitReceive(infinite, asio::bind_executor(executor(), asio::use_future));
    victim = std::move(moved);
    EXPECT_EQ(errorOf(future), asio::error::operation_aborted) << "assigned over";
}

TEST_P(ReceiveOn, AnEmptyHandleFails) {
    ChannelGroup empty;
    std::future<MessagePtr> future =
        empty.waitReceive(infinite, asio::bind_executor(executor(), asio::use_future));
    EXPECT_EQ(errorOf(future), Status::InvalidChannelGroup);
}

TEST_P(ReceiveOn, ItsExecutorMayEndFirst) {
    // The handler is dropped with its context; the group must take another receiver afterwards.
    {
        asio::io_context gone;
        auto handler = [](const error_code&, const MessagePtr&) { FAIL() << "nobody runs this context"; };
        group().waitReceive(infinite, asio::bind_executor(gone, handler));
        send("text");
    }
    std::future<MessagePtr> future = receive();
    EXPECT_EQ(get(future)->body.view(), "text");
}

// A receiver beside the sockets and one elsewhere take turns: the deadline of one must not hide the other's.

class ReceiveInTurns : public ::testing::Test {
protected:
    std::future<MessagePtr> receiveOn(const asio::any_io_executor& executor, Duration timeout) {
        auto waiting = [](ChannelGroup& from, Duration limit) -> asio::awaitable<MessagePtr> {
            MessagePtr message = co_await from.waitReceive(limit);
            co_return message;
        };
        return asio::co_spawn(executor, waiting(side_->group, timeout), asio::use_future);
    }
    OtherContext context_;
    Side side_;
};

TEST_F(ReceiveInTurns, AShortTimeoutElsewhereAfterALongOneHere) {
    // Here: short, then long, both ended by a message; then short elsewhere, which nothing ends but time.
    for (const Duration timeout : {Duration(1ms), Duration(std::chrono::hours(1))}) {
        std::future<MessagePtr> here = receiveOn(side_.reactor.executor(), timeout);
        side_->channels.updateReceiver();
        ASSERT_EQ(here.wait_for(patience), std::future_status::ready);
        here.get();
    }
    std::future<MessagePtr> there = receiveOn(context_.executor(), 5ms);
    EXPECT_EQ(there.wait_for(20s), std::future_status::ready);
    side_->channels.updateReceiver();
    there.wait();
}

TEST_F(ReceiveInTurns, AShortTimeoutHereRightAfterALongOneElsewhere) {
    for (int round = 0; round < 200; ++round) {
        std::future<MessagePtr> there = receiveOn(context_.executor(), std::chrono::hours(1));
        side_->channels.updateReceiver();
        there.get();
        std::future<MessagePtr> here = receiveOn(side_.reactor.executor(), 50us);
        ASSERT_EQ(here.wait_for(20s), std::future_status::ready) << "round " << round;
        while (side_->channels.tryReceive()) {
        }
    }
}

}  // namespace
}  // namespace tempeh::test
