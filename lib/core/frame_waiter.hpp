#pragma once

#include <tempeh/core/detail/group_backend.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <utility>

namespace tempeh::core {

/// The waitReceive of a coroutine, living in its frame: what WaitOperation does for any token, without memory
/// of its own and without work tracking (whoever spawned the coroutine tracks it). Awaited as a deferred
/// operation, which unlike an awaitable has no frame of its own: Asio keeps two frames per thread for reuse,
/// and the reading channel and receiveAwaitable() need both.
class FrameWaiter final : public detail::Waiter {
public:
    /// `executor` is the coroutine's.
    FrameWaiter(std::shared_ptr<detail::GroupBackend> backend, asio::any_io_executor executor) noexcept
        : backend_(std::move(backend))
        , executor_(std::move(executor))
        , isOnEngine_(backend_->isOwnExecutor(executor_)) {}
    FrameWaiter(const FrameWaiter&) = delete;
    FrameWaiter& operator=(const FrameWaiter&) = delete;
    ~FrameWaiter() = default;

    /// To be awaited once; then `message` and `ec` are the outcome. A name for it is needed: GCC 12 destroys
    /// temporaries of a co_await expression twice.
    auto wait(Duration timeout) {
        return asio::async_initiate<const asio::deferred_t&, void()>(Start(this, timeout), asio::deferred);
    }

    MessagePtr message;
    error_code ec;

    void resume(bool inlineAllowed) noexcept override {
        if (inlineAllowed && resumesInline())
            runHere([this] { finish(); });
        else
            asio::post(executor_, Resumption(this));
    }
    bool resumesInline() const noexcept override { return isOnEngine_; }
    void resumeWith(MessagePtr received) noexcept override {
        message = std::move(received);
        runHere([this] { act_(storage_, Act::Invoke); });
    }

private:
    static constexpr std::size_t storageSize = 64;  // Asio's handler is a pointer or two

    /// What to do with the handler in storage_, whose type only start() knows.
    enum class Act : std::uint8_t { Invoke, Drop };

    class Start {
    public:
        Start(FrameWaiter* waiter, Duration timeout) noexcept : waiter_(waiter), timeout_(timeout) {}
        template <typename Handler>
        void operator()(Handler&& handler) const {
            waiter_->start(std::forward<Handler>(handler), timeout_);
        }

    private:
        FrameWaiter* waiter_;
        Duration timeout_;
    };

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

    template <typename Handler>
    void start(Handler&& handler, Duration timeout) {
        using Stored = std::decay_t<Handler>;
        static_assert(sizeof(Stored) <= storageSize);
        static_assert(alignof(Stored) <= alignof(std::max_align_t));
        auto slot = asio::get_associated_cancellation_slot(handler);
        ::new (static_cast<void*>(storage_)) Stored(std::forward<Handler>(handler));
        act_ = &actOn<Stored>;
        if (slot.is_connected()) {
            slot.assign([this](asio::cancellation_type type) {
                if (type != asio::cancellation_type::none) backend_->cancelReceive(*this);
            });
        }
        backend_->startReceive(*this, timeout);
    }

    /// The coroutine goes on inside, or is destroyed inside, and the waiter with its frame may be gone before
    /// this returns.
    template <typename Stored>
    static void actOn(void* storage, Act act) {
        auto* stored = std::launder(static_cast<Stored*>(storage));
        Stored handler(std::move(*stored));
        stored->~Stored();
        if (act == Act::Drop) return;
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) slot.clear();
        std::move(handler)();
    }

    /// As dispatch() to the executor would, without its detour through a type-erased function. This object may
    /// be gone when `work` is done.
    template <typename Work>
    void runHere(Work work) noexcept {
        const asio::any_io_executor executor = executor_;
        try {
            work();
        } catch (...) {
            asio::post(executor, [failure = std::current_exception()] { std::rethrow_exception(failure); });
        }
    }

    void finish() {
        if (backend_->finishReceive(*this, message, ec)) act_(storage_, Act::Invoke);
    }

    /// The executor's context is gone. The handler owns the coroutine, whose frame this object is in.
    void abandon() noexcept {
        backend_->forgetReceive(*this);
        act_(storage_, Act::Drop);
    }

    std::shared_ptr<detail::GroupBackend> backend_;
    asio::any_io_executor executor_;
    const bool isOnEngine_;
    void (*act_)(void* storage, Act act) = nullptr;
    alignas(std::max_align_t) std::byte storage_[storageSize];
};

}  // namespace tempeh::core
