#pragma once

#include <atomic>

namespace tempeh::core {

/// Who may write to a channel's stream now: the reactor, or, for one message, a thread that posts it. Waking
/// the reactor for each answer of a ping-pong costs more than all the rest of it (measured: 37 us a round
/// trip instead of 24); so a reactor with nothing to write offers the right, and a thread may borrow it.
/// Whoever has it has the stream and the outbox to itself.
class SendRight {
public:
    // --- Reactor thread ---

    /// Threads may borrow from now on. The reactor has it and has nothing to write.
    void offer() noexcept { state_.store(State::Offered, std::memory_order_release); }
    /// Nobody may borrow any more. Who has borrowed goes on.
    void revoke() noexcept {
        State state = state_.load(std::memory_order_relaxed);
        while (state == State::Offered || state == State::Lent) {
            const State next = state == State::Offered ? State::Reactor : State::Revoked;
            if (state_.compare_exchange_weak(state, next, std::memory_order_acquire,
                                             std::memory_order_relaxed))
                return;
        }
    }
    /// Takes it back; waits for who has borrowed it, which is for one call of the system that does not block.
    void claim() noexcept {
        revoke();
        while (state_.load(std::memory_order_acquire) == State::Revoked)
            state_.wait(State::Revoked, std::memory_order_acquire);
    }

    // --- Any thread ---

    /// True: the caller has it until it gives it back.
    bool borrow() noexcept {
        State offered = State::Offered;
        return state_.compare_exchange_strong(offered, State::Lent, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }
    void giveBack() noexcept {
        State lent = State::Lent;
        if (!state_.compare_exchange_strong(lent, State::Offered, std::memory_order_release,
                                            std::memory_order_relaxed))
            returnToReactor();
    }
    /// giveBack() of a thread that left something for the reactor to do.
    void returnToReactor() noexcept {
        state_.store(State::Reactor, std::memory_order_release);
        state_.notify_one();
    }

private:
    enum class State : int { Reactor, Offered, Lent, Revoked };
    std::atomic<State> state_{State::Reactor};
};

}  // namespace tempeh::core
