#pragma once

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>

namespace tempeh::flows::detail {

/// Tells a server's handler, which can be cancelled as a whole, from an operand of `||` inside it. What the
/// handler itself awaits cannot be dropped on its way back, so a message that is there may be given to it at
/// once; an operand's result may be the one that came second.
class HandlerSlot {
public:
    /// By the handler's coroutine, before it gives the owner to anybody.
    void bind(boost::asio::cancellation_slot slot) noexcept {
        slot_ = slot;
        isBound_.store(true, std::memory_order_release);
    }
    /// By the same, at its end: the next coroutine's slot may lie in the same place.
    void unbind() noexcept { isBound_.store(false, std::memory_order_release); }

    /// `slot`: of the coroutine that asks. Any thread.
    bool mayTakeAtOnce(boost::asio::cancellation_slot slot) const noexcept {
        return !slot.is_connected() || (isBound_.load(std::memory_order_acquire) && slot == slot_);
    }

private:
    boost::asio::cancellation_slot slot_;
    std::atomic<bool> isBound_{false};
};

}  // namespace tempeh::flows::detail
