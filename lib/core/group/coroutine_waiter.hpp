#pragma once

#include "base/handler_memory.hpp"

#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/core/detail/resumption.hpp>
#include <tempeh/transport/detail/in_frame_handler.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <utility>

namespace tempeh::core {

/// The waitReceive() of a coroutine; lives in its frame. Does the work of WaitOperation, which serves any
/// token, without allocating and without work tracking (the spawner of the coroutine tracks work).
class CoroutineWaiter final : public detail::Waiter {
public:
    /// `executor` is the coroutine's.
    CoroutineWaiter(std::shared_ptr<detail::GroupBackend> backend, asio::any_io_executor executor) noexcept
        : backend_(std::move(backend))
        , executor_(std::move(executor))
        , isOnEngine_(backend_->isOwnExecutor(executor_)) {
        if (!isOnEngine_) context = detail::contextOf(executor_);
    }
    CoroutineWaiter(const CoroutineWaiter&) = delete;
    CoroutineWaiter& operator=(const CoroutineWaiter&) = delete;
    ~CoroutineWaiter() = default;

    /// Await it once; afterwards `message` and `ec` hold the outcome.
    auto wait(Duration timeout) {
        return handler_.wait([this, timeout](asio::cancellation_slot slot) { start(slot, timeout); });
    }

    MessagePtr message;
    error_code ec;

    void resume(bool inlineAllowed) noexcept override {
        if (inlineAllowed && resumesInline()) return detail::runHere(executor_, [this] { finish(); });
        // The type-erased executor would allocate twice.
        if (const auto* concrete = executor_.target<asio::io_context::executor_type>())
            detail::postResumption<Resumption>(*this, *backend_, *concrete);
        else
            detail::postResumption<Resumption>(*this, *backend_, executor_);
    }
    bool resumesInline() const noexcept override { return isOnEngine_; }
    void resumeWith(MessagePtr received) noexcept override {
        message = std::move(received);
        detail::runHere(executor_, [this] { handler_.invoke(); });
    }

    /// The executor's context is gone. The handler owns the coroutine, whose frame holds this object.
    void abandon() noexcept override {
        backend_->forgetReceive(*this);
        handler_.drop();
    }

private:
    friend class detail::Resumption<CoroutineWaiter>;

    /// Allocates from the waiter's own memory.
    class Resumption : public detail::Resumption<CoroutineWaiter> {
    public:
        using allocator_type = base::HandlerAllocator<void, base::HandlerMemory*>;

        explicit Resumption(CoroutineWaiter& waiter) noexcept
            : detail::Resumption<CoroutineWaiter>(waiter), memory_(&waiter.memory_) {}
        allocator_type get_allocator() const noexcept { return allocator_type(memory_); }

    private:
        base::HandlerMemory* memory_;
    };

    void start(asio::cancellation_slot slot, Duration timeout) {
        const bool isCancellable = detail::tryAssign(slot, [this](asio::cancellation_type type) {
            if (type != asio::cancellation_type::none) backend_->cancelReceive(*this);
        });
        if (isCancellable) return backend_->startReceive(*this, timeout);
        abortReason = asio::error::no_memory;
        resume(false);
    }

    void finish() {
        if (backend_->finishReceive(*this, message, ec)) handler_.invoke();
    }

    std::shared_ptr<detail::GroupBackend> backend_;
    asio::any_io_executor executor_;
    const bool isOnEngine_;
    base::HandlerMemory memory_;  // for the pending resumption; there is never more than one
    tempeh::detail::InFrameHandler handler_;
};

}  // namespace tempeh::core
