#pragma once

#include <boost/asio/cancellation_signal.hpp>

#include <atomic>

namespace tempeh::flows::detail {

/// Tells a server's handler, which can only be cancelled as a whole, from an operand of `||` inside it. The
/// result of what the handler itself awaits cannot be dropped on its way back, so a message that is there may
/// be returned at once. An operand's result may come second and be dropped.
class HandlerSlot {
public:
    /// Called by the handler's coroutine before it gives the owner to anything else.
    void bind(boost::asio::cancellation_slot slot) noexcept {
        slot_ = slot;
        isBound_.store(true, std::memory_order_release);
    }
    /// Called by the same at its end: the next coroutine's slot may have the same address.
    void unbind() noexcept { isBound_.store(false, std::memory_order_release); }

    /// `slot` is that of the calling coroutine. Any thread.
    bool mayTakeAtOnce(boost::asio::cancellation_slot slot) const noexcept {
        return !slot.is_connected() || (isBound_.load(std::memory_order_acquire) && slot == slot_);
    }

private:
    boost::asio::cancellation_slot slot_;
    std::atomic<bool> isBound_{false};
};

}  // namespace tempeh::flows::detail
