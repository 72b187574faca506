#pragma once

#include "flows/hub/hub.hpp"

#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/core/detail/resumption.hpp>
#include <tempeh/transport/detail/in_frame_handler.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <thread>
#include <utility>

namespace tempeh::flows::detail {

/// A coroutine that sleeps until a Wait is over. Lives in the coroutine's frame and allocates nothing.
/// Cancelling the coroutine (all three types) cancels the wait. The result is taken in the step that resumes
/// the coroutine, so what is not delivered stays where it was.
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

    /// Await the result as an rvalue; then the wait is settled. Give it a name: GCC 12 destroys temporaries
    /// of a co_await expression twice.
    auto until(TimePoint deadline) {
        return handler_.wait([this, deadline](asio::cancellation_slot slot) { start(slot, deadline); });
    }

    void wake(bool isHere, ContextLife* entered) noexcept override {
        if (!isHere) {
            while (!tell(entered)) {
                // Its context is entered until then, and so stays.
                if (hub_.wakeLater(settled_)) return;
                std::this_thread::yield();  // the hub has ended, and nothing else can try again
            }
            if (entered != nullptr) entered->leave();  // `this` may be gone
            return;
        }
        if (entered != nullptr) entered->leave();  // its context runs this
        tempeh::detail::runHere(executor_, [this] { finish(); });
    }
    void abandon() noexcept override {
        hub_.abandon(settled_);
        handler_.drop();
    }

private:
    friend class tempeh::detail::Resumption<Suspension>;

    void start(asio::cancellation_slot slot, TimePoint deadline) noexcept {
        const bool isCancellable = tempeh::detail::tryAssign(slot, [this](asio::cancellation_type type) {
            if (type != asio::cancellation_type::none) hub_.cancel(settled_);
        });
        hub_.begin(settled_, *this, deadline, isCancellable ? error_code() : asio::error::no_memory);
    }

    /// False: there is no memory for it.
    bool tell(const ContextLife* entered) noexcept {
        if (entered != nullptr && entered->isGone()) {
            abandon();
            return true;
        }
        return tempeh::detail::tryPostResumption<tempeh::detail::Resumption<Suspension>>(*this, executor_);
    }
    void finish() {
        hub_.settle(settled_);
        handler_.invoke();
    }

    Hub& hub_;
    Wait& settled_;
    asio::any_io_executor executor_;
    tempeh::detail::InFrameHandler handler_;
};

}  // namespace tempeh::flows::detail
