#pragma once

#include <tempeh/base/x11_macros.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/core/detail/resumption.hpp>
#include <tempeh/message/message.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/system_executor.hpp>

#include <memory>
#include <new>
#include <utility>

/// waitReceive and waitWritable as Asio operations. One template owns the handler between the backend (which
/// knows it as a Waiter) and the handler's executor.
namespace tempeh::detail {

/// What a WaitOperation does for waitReceive.
struct ReceiveKind {
    using Result = MessagePtr;
    Duration timeout;

    void start(GroupBackend& backend, Waiter& waiter) const noexcept {
        backend.startReceive(waiter, timeout);
    }
    bool finish(GroupBackend& backend, Waiter& waiter, Result& result, error_code& ec) const noexcept {
        return backend.finishReceive(waiter, result, ec);
    }
    void cancel(GroupBackend& backend, Waiter& waiter) const noexcept { backend.cancelReceive(waiter); }
    void forget(GroupBackend& backend, Waiter& waiter) const noexcept { backend.forgetReceive(waiter); }
};

/// What a WaitOperation does for waitWritable.
struct WritableKind {
    using Result = bool;
    ChannelNumber channel;
    Duration timeout;

    void start(GroupBackend& backend, Waiter& waiter) const noexcept {
        backend.startWritable(waiter, channel, timeout);
    }
    bool finish(GroupBackend&, Waiter& waiter, Result& result, error_code& ec) const noexcept {
        ec = waiter.abortReason;
        result = !ec && !waiter.timedOut;
        return true;
    }
    void cancel(GroupBackend& backend, Waiter& waiter) const noexcept {
        backend.cancelWritable(waiter, channel);
    }
    void forget(GroupBackend&, Waiter&) const noexcept {}
};

template <typename Handler, typename Kind>
class WaitOperation final : public Waiter {
public:
    /// Makes the operation with the handler's allocator and starts it. The handler is never called inline.
    static void launch(Handler handler, std::shared_ptr<GroupBackend> backend, Kind kind) {
        Allocator allocator(asio::get_associated_allocator(handler, asio::recycling_allocator<void>()));
        WaitOperation* memory = AllocatorTraits::allocate(allocator, 1);
        WaitOperation* operation = nullptr;
        try {
            operation = ::new (static_cast<void*>(memory))
                WaitOperation(std::move(handler), std::move(backend), kind);
        } catch (...) {
            AllocatorTraits::deallocate(allocator, memory, 1);
            throw;
        }
        operation->begin();
    }

    void resume(bool inlineAllowed) noexcept override {
        const Executor executor = executor_;  // the operation may be gone before it is used up
        if (!inlineAllowed || life != nullptr)
            return postResumption<Resumption<WaitOperation>>(*this, *backend_, executor);
        dispatchResumption<Resumption<WaitOperation>>(*this, *backend_, executor);
    }

    void abandon() noexcept override {
        kind_.forget(*backend_, *this);
        Handler handler(std::move(handler_));
        destroy(handler);
    }

private:
    friend class Resumption<WaitOperation>;

    using Allocator = typename std::allocator_traits<asio::associated_allocator_t<
        Handler, asio::recycling_allocator<void>>>::template rebind_alloc<WaitOperation>;
    using AllocatorTraits = std::allocator_traits<Allocator>;
    using BareExecutor = asio::associated_executor_t<Handler, asio::any_io_executor>;
    // Tracked, so that the handler's context does not run out of work during the wait.
    using Executor = std::decay_t<decltype(asio::prefer(std::declval<BareExecutor>(),
                                                        asio::execution::outstanding_work.tracked))>;

    WaitOperation(Handler&& handler, std::shared_ptr<GroupBackend>&& backend, Kind kind)
        : handler_(std::move(handler))
        , backend_(std::move(backend))
        , kind_(kind)
        , executor_(asio::prefer(asio::get_associated_executor(handler_, backend_->executor()),
                                 asio::execution::outstanding_work.tracked)) {
        context = contextOf(executor_);
    }
    ~WaitOperation() = default;

    void begin() {
        const bool isCancellable =
            tryAssign(asio::get_associated_cancellation_slot(handler_), [this](asio::cancellation_type type) {
                if (type != asio::cancellation_type::none) kind_.cancel(*backend_, *this);
            });
        if (isCancellable) return kind_.start(*backend_, *this);
        abortReason = asio::error::no_memory;
        resume(false);
    }

    void finish() {
        typename Kind::Result result{};
        error_code ec;
        if (!kind_.finish(*backend_, *this, result, ec)) return;  // the backend has it again
        auto slot = asio::get_associated_cancellation_slot(handler_);
        if (slot.is_connected()) slot.clear();
        Handler handler(std::move(handler_));
        destroy(handler);
        std::move(handler)(ec, std::move(result));
    }

    /// Frees the memory before the handler runs, so that the handler's next operation can use it.
    void destroy(Handler& handler) noexcept {
        Allocator allocator(asio::get_associated_allocator(handler, asio::recycling_allocator<void>()));
        this->~WaitOperation();
        AllocatorTraits::deallocate(allocator, this, 1);
    }

    Handler handler_;
    std::shared_ptr<GroupBackend> backend_;
    Kind kind_;
    Executor executor_;
};

/// Initiates both operations.
template <typename Kind>
struct StartWait {
    template <typename Handler>
    void operator()(Handler&& handler, std::shared_ptr<GroupBackend> backend, Kind kind) const {
        if (backend == nullptr) {
            // Explicit, because newer Boost uses the caller's own thread, where a handler must not run. A
            // strand, because what Asio wraps around an operation (cancel_after) expects one handler at a
            // time.
            auto executor =
                asio::get_associated_executor(handler, asio::make_strand(asio::system_executor()));
            asio::post(executor, [kept = std::decay_t<Handler>(std::forward<Handler>(handler))]() mutable {
                std::move(kept)(make_error_code(Status::InvalidChannelGroup), typename Kind::Result{});
            });
            return;
        }
        WaitOperation<std::decay_t<Handler>, Kind>::launch(std::forward<Handler>(handler), std::move(backend),
                                                           kind);
    }
};

template <typename Token>
auto asyncReceive(std::shared_ptr<GroupBackend> backend, Duration timeout, Token&& token) {
    return asio::async_initiate<Token, void(error_code, MessagePtr)>(
        StartWait<ReceiveKind>{}, token, std::move(backend), ReceiveKind{timeout});
}

template <typename Token>
auto asyncWritable(std::shared_ptr<GroupBackend> backend, ChannelNumber channel, Duration timeout,
                   Token&& token) {
    return asio::async_initiate<Token, void(error_code, bool)>(
        StartWait<WritableKind>{}, token, std::move(backend), WritableKind{channel, timeout});
}

/// The forms for the default token, compiled once in the library. `backend` may be null (an empty handle).
/// Shared, because an awaitable may be started after the handle is gone.
TEMPEH_EXPORT asio::awaitable<MessagePtr> receiveAwaitable(std::shared_ptr<GroupBackend> backend,
                                                           Duration timeout);
TEMPEH_EXPORT asio::awaitable<bool> writableAwaitable(std::shared_ptr<GroupBackend> backend,
                                                      ChannelNumber channel, Duration timeout);

}  // namespace tempeh::detail
