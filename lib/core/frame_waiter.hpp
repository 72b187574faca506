#pragma once

#include <tempeh/core/detail/group_backend.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace tempeh::core {

/// The waitReceive of a coroutine, living in its frame: what WaitOperation does for any token, without memory
/// of its own and without work tracking (whoever spawned the coroutine tracks it).
class FrameWaiter final : public detail::Waiter {
public:
    explicit FrameWaiter(std::shared_ptr<detail::GroupBackend> backend) noexcept
        : backend_(std::move(backend)) {}
    FrameWaiter(const FrameWaiter&) = delete;
    FrameWaiter& operator=(const FrameWaiter&) = delete;
    ~FrameWaiter() = default;

    /// Suspends until there is an outcome; then `message` and `ec` are it.
    asio::awaitable<void> wait(Duration timeout) {
        return asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
            [this, timeout](Handler handler) { start(std::move(handler), timeout); }, asio::use_awaitable);
    }

    MessagePtr message;
    error_code ec;

    void resume(bool inlineAllowed) noexcept override {
        const asio::any_io_executor executor = asio::get_associated_executor(*handler_);
        if (!inlineAllowed || !backend_->isOwnExecutor(executor))
            return asio::post(executor, Resumption(this));
        // As dispatch() to that executor would, without its detour through a type-erased function.
        try {
            finish();
        } catch (...) {
            asio::post(executor, [failure = std::current_exception()] { std::rethrow_exception(failure); });
        }
    }

private:
    using Handler = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;

    class Resumption {
    public:
        explicit Resumption(FrameWaiter* waiter) noexcept : waiter_(waiter) {}
        Resumption(Resumption&& other) noexcept : waiter_(std::exchange(other.waiter_, nullptr)) {}
        Resumption& operator=(Resumption&&) = delete;
        ~Resumption() {
            if (waiter_ != nullptr) waiter_->abandon();
        }
        void operator()() { std::exchange(waiter_, nullptr)->finish(); }

    private:
        FrameWaiter* waiter_;
    };

    void start(Handler handler, Duration timeout) {
        handler_.emplace(std::move(handler));
        auto slot = asio::get_associated_cancellation_slot(*handler_);
        if (slot.is_connected()) {
            slot.assign([this](asio::cancellation_type type) {
                if (type != asio::cancellation_type::none) backend_->cancelReceive(*this);
            });
        }
        backend_->startReceive(*this, timeout);
    }

    void finish() {
        if (!backend_->finishReceive(*this, message, ec)) return;  // the backend has it again
        auto slot = asio::get_associated_cancellation_slot(*handler_);
        if (slot.is_connected()) slot.clear();
        // The coroutine goes on inside, and this object with its frame may be gone before the handler
        // returns.
        Handler handler(std::move(*handler_));
        handler_.reset();
        std::move(handler)();
    }

    /// The executor's context is gone. The handler owns the coroutine, whose frame this object is in.
    void abandon() noexcept {
        backend_->forgetReceive(*this);
        const Handler handler(std::move(*handler_));
    }

    std::shared_ptr<detail::GroupBackend> backend_;
    std::optional<Handler> handler_;
};

}  // namespace tempeh::core
