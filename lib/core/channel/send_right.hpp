#pragma once

#include <atomic>

namespace tempeh::core {

/// The right to write to a channel's stream. Its holder has the stream to itself: the reactor or, for one
/// message, a thread that posts. Waking the reactor for each answer of a ping-pong costs more than everything
/// else (measured: 37 us a round trip instead of 24), so a reactor with nothing to write offers the right,
/// and a thread may borrow it. The reactor never waits for a borrower, which may be preempted in the middle
/// of a write: it revokes the right, goes on with other channels, and the borrower notifies it afterwards.
class SendRight {
public:
    // --- Reactor thread ---

    /// Threads may borrow from now on. The reactor must hold the right and have nothing to write.
    void offer() noexcept { state_.store(State::Offered, std::memory_order_release); }
    /// No thread may borrow any more. A current borrower continues.
    void revoke() noexcept {
        State state = state_.load(std::memory_order_relaxed);
        while (state == State::Offered || state == State::Lent) {
            const State next = state == State::Offered ? State::Reactor : State::Revoked;
            if (state_.compare_exchange_weak(state, next, std::memory_order_acquire,
                                             std::memory_order_relaxed))
                return;
        }
    }
    /// Takes the right back. False: it is lent; the borrower's tryGiveBack() will fail, and it will notify
    /// the reactor.
    bool tryClaim() noexcept {
        revoke();
        return state_.load(std::memory_order_acquire) == State::Reactor;
    }

    // --- Any thread ---

    /// True: the caller holds the right until it gives it back.
    bool borrow() noexcept {
        State offered = State::Offered;
        return state_.compare_exchange_strong(offered, State::Lent, std::memory_order_acquire,
                                              std::memory_order_relaxed);
    }
    /// False: it was revoked. The caller still holds it, and must notify the reactor and call
    /// returnToReactor().
    bool tryGiveBack() noexcept {
        State lent = State::Lent;
        return state_.compare_exchange_strong(lent, State::Offered, std::memory_order_release,
                                              std::memory_order_relaxed);
    }
    /// Returns the right to the reactor, which will be notified: it was revoked, or there is something left
    /// for the reactor to do.
    void returnToReactor() noexcept { state_.store(State::Reactor, std::memory_order_release); }

private:
    enum class State : int { Reactor, Offered, Lent, Revoked };
    std::atomic<State> state_{State::Reactor};
};

}  // namespace tempeh::core
