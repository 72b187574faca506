#pragma once

#include <atomic>

namespace tempeh::core {

/// Who may write to a channel's stream now: the reactor, or, for one message, a thread that posts it. Waking
/// the reactor for each answer of a ping-pong costs more than all the rest of it (measured: 37 us a round
/// trip instead of 24); so a reactor with nothing to write offers the right, and a thread may borrow it.
/// Whoever has it has the stream to itself. The reactor does not wait for who has borrowed it and perhaps
/// lost its core in the middle of a write: it asks for the right, goes on with other channels, and is told.
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
    /// Takes it back. False: it is lent, and the borrower will fail to give it back and tell the reactor.
    bool tryClaim() noexcept {
        revoke();
        return state_.load(std::memory_order_acquire) == State::Reactor;
    }

    // --- Any thread ---

    /// True: the caller has it until it gives it back.
    bool borrow() noexcept {
        State offered = State::Offered;
        return state_.compare_exchange_strong(offered, State::Lent, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }
    /// False: it was revoked. The caller still has it, and owes the reactor a word and returnToReactor().
    bool tryGiveBack() noexcept {
        State lent = State::Lent;
        return state_.compare_exchange_strong(lent, State::Offered, std::memory_order_release,
                                              std::memory_order_relaxed);
    }
    /// The reactor is told, and finds it here: revoked, or with something left for the reactor to do.
    void returnToReactor() noexcept { state_.store(State::Reactor, std::memory_order_release); }

private:
    enum class State : int { Reactor, Offered, Lent, Revoked };
    std::atomic<State> state_{State::Reactor};
};

}  // namespace tempeh::core
