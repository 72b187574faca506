#include <tempeh/core/detail/wait_operation.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace tempeh::detail {
namespace {

/// A backend that does nothing by itself: the test says when a waiter is resumed and what it then finds.
class FakeBackend final : public GroupBackend {
public:
    explicit FakeBackend(asio::io_context& context) : context_(context) {}

    BinaryHeader post(MessagePtr&, error_code&) noexcept override { return {}; }
    void updateReceiver(MessagePtr&, error_code&) noexcept override {}
    ChannelInfo channelInfo(ChannelNumber, error_code&) const override { return {}; }
    GroupStats stats() const override { return {}; }
    bool isOpen() const noexcept override { return true; }
    void close() noexcept override {}
    bool mayReceiveAtOnce() noexcept override { return true; }
    MessagePtr tryReceive(error_code&) noexcept override { return nullptr; }
    std::size_t postAll(MessageQueue&, error_code&) noexcept override { return 0; }
    MessageQueue tryReceiveAll(error_code&) noexcept override { return {}; }
    MessagePtr receiveBlocking(Duration, error_code&) noexcept override { return nullptr; }
    bool writableBlocking(ChannelNumber, Duration, error_code&) noexcept override { return false; }

    void startReceive(Waiter& waiter, Duration limit) noexcept override {
        started = &waiter;
        timeout = limit;
    }
    bool finishReceive(Waiter& waiter, MessagePtr& message, error_code& ec) noexcept override {
        if (emptyHanded > 0) {
            --emptyHanded;
            return false;
        }
        ec = waiter.abortReason;
        if (!ec) message = MessagePtr(new Message);
        return true;
    }
    void cancelReceive(Waiter& waiter) noexcept override {
        ++cancelled;
        waiter.abortReason = asio::error::operation_aborted;
        waiter.resume(false);
    }
    void forgetReceive(Waiter&) noexcept override { ++forgotten; }
    void startWritable(Waiter& waiter, ChannelNumber number, Duration) noexcept override {
        started = &waiter;
        channel = number;
    }
    void cancelWritable(detail::Waiter& waiter, ChannelNumber) noexcept override {
        cancelledWaiter = &waiter;
    }
    asio::any_io_executor executor() const noexcept override { return context_.get_executor(); }
    bool isOwnExecutor(const asio::any_io_executor&) const noexcept override { return true; }
    TimePoint now() const noexcept override { return {}; }

    Waiter* started = nullptr;
    Duration timeout{};
    ChannelNumber channel = 0;
    int emptyHanded = 0;
    int cancelled = 0;
    int forgotten = 0;
    const detail::Waiter* cancelledWaiter = nullptr;

private:
    asio::io_context& context_;
};

/// Counts what it gives out and takes back.
struct Ledger {
    int allocations = 0;
    int open = 0;
};
template <typename T>
struct CountingAllocator {
    using value_type = T;
    explicit CountingAllocator(Ledger& where) : ledger(&where) {}
    template <typename U>
    CountingAllocator(const CountingAllocator<U>& other) : ledger(other.ledger) {}
    T* allocate(std::size_t count) {
        ++ledger->allocations;
        ++ledger->open;
        return std::allocator<T>().allocate(count);
    }
    void deallocate(T* pointer, std::size_t count) {
        --ledger->open;
        std::allocator<T>().deallocate(pointer, count);
    }
    template <typename U>
    bool operator==(const CountingAllocator<U>& other) const {
        return ledger == other.ledger;
    }
    Ledger* ledger;
};

class WaitOperationTest : public ::testing::Test {
protected:
    /// A handler that notes what it got.
    auto noting() {
        return [this](const error_code& ec, const MessagePtr& message) {
            ++calls_;
            ec_ = ec;
            gotMessage_ = message != nullptr;
        };
    }
    /// Runs what is ready.
    void run(asio::io_context& context) {
        context.restart();
        context.poll();
    }

    asio::io_context context_;
    std::shared_ptr<FakeBackend> backend_ = std::make_shared<FakeBackend>(context_);
    int calls_ = 0;
    error_code ec_;
    bool gotMessage_ = false;
};

TEST_F(WaitOperationTest, CompletesOnTheBackendsExecutorByDefault) {
    asyncReceive(backend_, std::chrono::seconds(3), noting());
    EXPECT_EQ(backend_->timeout, std::chrono::seconds(3));
    backend_->started->resume(false);
    EXPECT_EQ(calls_, 0);
    run(context_);
    EXPECT_EQ(calls_, 1);
    EXPECT_TRUE(gotMessage_);
}

TEST_F(WaitOperationTest, CompletesOnTheAssociatedExecutor) {
    asio::io_context other;
    asyncReceive(backend_, infinite, asio::bind_executor(other, noting()));
    backend_->started->resume(true);
    run(context_);
    EXPECT_EQ(calls_, 0);
    run(other);
    EXPECT_EQ(calls_, 1);
}

TEST_F(WaitOperationTest, RunsInlineOnlyWhereTheBackendAllowsIt) {
    asyncReceive(backend_, infinite, noting());
    Waiter* waiter = backend_->started;
    asio::post(context_, [this, waiter] {
        waiter->resume(true);
        EXPECT_EQ(calls_, 1);
    });
    run(context_);
    asyncReceive(backend_, infinite, noting());
    waiter = backend_->started;
    asio::post(context_, [this, waiter] {
        waiter->resume(false);
        EXPECT_EQ(calls_, 1);
    });
    run(context_);
    EXPECT_EQ(calls_, 2);
}

TEST_F(WaitOperationTest, ItsHandlersContextHasWorkWhileItWaits) {
    asio::io_context other;
    asyncReceive(backend_, infinite, asio::bind_executor(other, noting()));
    EXPECT_EQ(other.poll(), 0U);
    EXPECT_FALSE(other.stopped());
    backend_->started->resume(false);
    EXPECT_EQ(other.run(), 1U) << "returns: no work is left";
    EXPECT_EQ(calls_, 1);
}

TEST_F(WaitOperationTest, AWaiterThatFoundNothingWaitsOn) {
    backend_->emptyHanded = 2;
    asyncReceive(backend_, infinite, noting());
    for (int i = 0; i < 2; ++i) {
        backend_->started->resume(false);
        run(context_);
        EXPECT_EQ(calls_, 0);
    }
    backend_->started->resume(false);
    run(context_);
    EXPECT_EQ(calls_, 1);
}

TEST_F(WaitOperationTest, UsesTheAssociatedAllocatorAndGivesAllBackBeforeTheHandlerRuns) {
    Ledger ledger;
    int openInHandler = -1;
    auto handler = [&](const error_code&, const MessagePtr&) { openInHandler = ledger.open; };
    asyncReceive(backend_, infinite, asio::bind_allocator(CountingAllocator<void>(ledger), handler));
    EXPECT_EQ(ledger.allocations, 1);
    EXPECT_EQ(ledger.open, 1);
    backend_->started->resume(false);
    run(context_);
    EXPECT_EQ(openInHandler, 0) << "so that the handler's next wait can have the memory";
    EXPECT_EQ(ledger.open, 0);
}

TEST_F(WaitOperationTest, EveryCancellationTypeEndsTheWait) {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                            asio::cancellation_type::total}) {
        asio::cancellation_signal signal;
        calls_ = 0;
        asyncReceive(backend_, infinite, asio::bind_cancellation_slot(signal.slot(), noting()));
        signal.emit(asio::cancellation_type::none);
        run(context_);
        EXPECT_EQ(calls_, 0);
        signal.emit(type);
        EXPECT_EQ(calls_, 0) << "never inline";
        run(context_);
        EXPECT_EQ(calls_, 1);
        EXPECT_EQ(ec_, asio::error::operation_aborted);
    }
    EXPECT_EQ(backend_->cancelled, 3);
}

TEST_F(WaitOperationTest, ASignalAfterTheEndReachesNobody) {
    asio::cancellation_signal signal;
    asyncReceive(backend_, infinite, asio::bind_cancellation_slot(signal.slot(), noting()));
    backend_->started->resume(false);
    run(context_);
    EXPECT_EQ(calls_, 1);
    EXPECT_FALSE(signal.slot().has_handler());
    signal.emit(asio::cancellation_type::all);
    EXPECT_EQ(backend_->cancelled, 0);
}

TEST_F(WaitOperationTest, ASignalForAWritableWaitNamesTheWaiter) {
    asio::cancellation_signal signal;
    std::optional<bool> writable;
    asyncWritable(backend_, 7, infinite,
                  asio::bind_cancellation_slot(signal.slot(), [&](const error_code& ec, bool result) {
                      EXPECT_FALSE(ec);
                      writable = result;
                  }));
    EXPECT_EQ(backend_->channel, 7);
    signal.emit(asio::cancellation_type::terminal);
    EXPECT_NE(backend_->cancelledWaiter, nullptr);
    backend_->started->resume(false);
    run(context_);
    EXPECT_EQ(writable, true);
}

TEST_F(WaitOperationTest, AnExecutorThatEndsBeforeTheHandlerRanFreesTheOperation) {
    Ledger ledger;
    auto token = std::make_shared<int>(0);
    {
        asio::io_context other;
        auto handler = [token](const error_code&, const MessagePtr&) { FAIL(); };
        asyncReceive(backend_, infinite,
                     asio::bind_executor(
                         other, asio::bind_allocator(CountingAllocator<void>(ledger), std::move(handler))));
        backend_->started->resume(false);
    }
    EXPECT_EQ(backend_->forgotten, 1);
    EXPECT_EQ(ledger.open, 0);
    EXPECT_EQ(token.use_count(), 1);
}

TEST_F(WaitOperationTest, WithoutABackendItFailsButNotInline) {
    asyncReceive(nullptr, infinite, asio::bind_executor(context_, noting()));
    EXPECT_EQ(calls_, 0);
    run(context_);
    EXPECT_EQ(calls_, 1);
    EXPECT_EQ(ec_, Status::InvalidChannelGroup);
}

TEST_F(WaitOperationTest, AThrowingHandlerMoveLeaksNothing) {
    struct Thrower {
        explicit Thrower(int& moves) : left(&moves) {}
        Thrower(Thrower&& other) : left(other.left) {
            if (--*left == 0) throw std::runtime_error("move");
        }
        void operator()(const error_code&, const MessagePtr&) {}
        int* left;
    };
    // Whichever move throws, the sanitizers must find nothing left behind.
    for (int moves = 1; moves <= 8; ++moves) {
        int left = moves;
        Ledger ledger;
        backend_->started = nullptr;
        try {
            asyncReceive(backend_, infinite,
                         asio::bind_allocator(CountingAllocator<void>(ledger), Thrower(left)));
        } catch (const std::runtime_error&) {
            EXPECT_EQ(backend_->started, nullptr);
            EXPECT_EQ(ledger.open, 0);
            continue;
        }
        left = 1000;
        backend_->started->resume(false);
        run(context_);
        EXPECT_EQ(ledger.open, 0);
    }
}

}  // namespace
}  // namespace tempeh::detail
