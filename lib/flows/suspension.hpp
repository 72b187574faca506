#pragma once

#include "flows/hub.hpp"

#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/core/detail/resumption.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>

#include <cstddef>
#include <exception>
#include <new>
#include <thread>
#include <type_traits>
#include <utility>

namespace tempeh::flows::detail {

/// A coroutine that sleeps until a Wait is over; lives in its frame and allocates nothing. Cancelling the
/// coroutine (all three types) cancels the wait; the result is taken in the step that resumes it, so that
/// what was not delivered stays where it was.
class Suspension final : public Sleeper {
public:
    /// `executor` is the coroutine's.
    Suspension(Hub& hub, Wait& wait, asio::any_io_executor executor) noexcept
        : hub_(hub), settled_(wait), executor_(std::move(executor)) {
        runsOn_ = &executor_;
        context_ = tempeh::detail::contextOf(executor_);
    }
    Suspension(const Suspension&) = delete;
    Suspension& operator=(const Suspension&) = delete;
    ~Suspension() = default;

    /// To be awaited as an rvalue; then the wait is settled. Needs a name: GCC 12 destroys temporaries of a
    /// co_await expression twice.
    auto until(TimePoint deadline) {
        return asio::async_initiate<const asio::deferred_t&, void()>(Start(this, deadline), asio::deferred);
    }

    void wake(bool onLoop) noexcept override {
        ContextLife* const life = isEntered_ ? life_ : nullptr;  // this may be gone afterwards
        if (!onLoop || !isLoops_) {
            while (!tell(life)) {
                // Its context is entered until then, and so stays.
                if (hub_.wakeLater(settled_)) return;
                std::this_thread::yield();  // the hub has ended, and nobody else can try again
            }
            if (life != nullptr) life->leave();
            return;
        }
        if (life != nullptr) life->leave();  // its context runs this
        const asio::any_io_executor executor = executor_;
        try {
            finish();
        } catch (...) {
            tempeh::detail::rethrowFrom(executor, std::current_exception());
        }
    }
    void abandon() noexcept override {
        hub_.abandon(settled_);
        act_(storage_, Act::Drop);
    }

private:
    static constexpr std::size_t storageSize = 64;  // Asio's handler is a pointer or two

    /// What to do with the handler in storage_, whose type only start() knows.
    enum class Act : std::uint8_t { Invoke, Drop };

    class Start {
    public:
        Start(Suspension* suspension, TimePoint deadline) noexcept
            : suspension_(suspension), deadline_(deadline) {}
        template <typename Handler>
        void operator()(Handler&& handler) const {
            suspension_->start(std::forward<Handler>(handler), deadline_);
        }

    private:
        Suspension* suspension_;
        TimePoint deadline_;
    };

    friend class tempeh::detail::Resumption<Suspension>;

    template <typename Handler>
    void start(Handler&& handler, TimePoint deadline) {
        using Stored = std::decay_t<Handler>;
        static_assert(sizeof(Stored) <= storageSize);
        static_assert(alignof(Stored) <= alignof(std::max_align_t));
        auto slot = asio::get_associated_cancellation_slot(handler);
        ::new (static_cast<void*>(storage_)) Stored(std::forward<Handler>(handler));
        act_ = &actOn<Stored>;
        const bool isCancellable = tempeh::detail::tryAssign(slot, [this](asio::cancellation_type type) {
            if (type != asio::cancellation_type::none) hub_.cancel(settled_);
        });
        if (isCancellable) return hub_.begin(settled_, *this, deadline);
        hub_.refuse(settled_, *this, asio::error::no_memory);
    }

    /// The coroutine goes on inside, or is destroyed inside, and this object with its frame may be gone then.
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

    /// False: no memory for it.
    bool tell(const ContextLife* life) noexcept {
        if (life != nullptr && life->isGone()) {
            abandon();
            return true;
        }
        // Whoever waits for a context to run out of work may destroy it then: not before post() is through,
        // though the coroutine may have run to its end by then, and this with it.
        const auto tracked = asio::prefer(executor_, asio::execution::outstanding_work.tracked);
        return tempeh::detail::tryPostResumption<tempeh::detail::Resumption<Suspension>>(*this, tracked);
    }
    void finish() {
        hub_.settle(settled_);
        act_(storage_, Act::Invoke);
    }

    Hub& hub_;
    Wait& settled_;
    asio::any_io_executor executor_;
    void (*act_)(void* storage, Act act) = nullptr;
    alignas(std::max_align_t) std::byte storage_[storageSize];
};

}  // namespace tempeh::flows::detail
