#pragma once

#include <tempeh/actors/detail/envelope.hpp>

#include <atomic>
#include <cstdint>

namespace tempeh::actors::detail {

/// What other threads hand to a worker: a stack without a lock, taken as a whole and turned round. It also
/// knows whether the worker sleeps, so that only the push that finds it asleep wakes it.
class Inbox {
public:
    enum class Pushed : std::uint8_t {
        Queued,    ///< The worker looks by itself.
        MustWake,  ///< It sleeps: the caller wakes it.
        Closed,    ///< Nothing is taken any more; the node is the caller's.
    };

    /// Any thread.
    Pushed push(Node& node) noexcept {
        Node* top = top_.load(std::memory_order_relaxed);
        for (;;) {
            if (top == &closed_) return Pushed::Closed;
            node.next = top == &asleep_ ? nullptr : top;
            // Also read: after the end of another thread's close(), that thread's writes are visible.
            if (top_.compare_exchange_weak(top, &node, std::memory_order_acq_rel, std::memory_order_acquire))
                return top == &asleep_ ? Pushed::MustWake : Pushed::Queued;
        }
    }

    bool isClosed() const noexcept { return top_.load(std::memory_order_acquire) == &closed_; }

    // The worker alone:

    bool isEmpty() const noexcept {
        const Node* top = top_.load(std::memory_order_relaxed);
        return top == nullptr || top == &asleep_ || top == &closed_;
    }
    /// Everything, oldest first.
    Node* take() noexcept {
        if (isEmpty()) return nullptr;
        return turnedRound(top_.exchange(nullptr, std::memory_order_acq_rel));
    }
    /// False: something arrived.
    bool fallAsleep() noexcept {
        Node* top = nullptr;
        return top_.compare_exchange_strong(top, &asleep_, std::memory_order_acq_rel) || top == &asleep_;
    }
    /// The worker was woken by something else than a push.
    void wakeUp() noexcept {
        Node* top = &asleep_;
        top_.compare_exchange_strong(top, nullptr, std::memory_order_acq_rel);
    }
    /// Takes no more. Returns what was there, oldest first.
    Node* close() noexcept {
        Node* top = top_.exchange(&closed_, std::memory_order_acq_rel);
        return top == &asleep_ || top == &closed_ ? nullptr : turnedRound(top);
    }

private:
    static Node* turnedRound(Node* top) noexcept {
        Node* first = nullptr;
        while (top != nullptr) {
            Node* const next = top->next;
            top->next = first;
            first = top;
            top = next;
        }
        return first;
    }

    Node asleep_;
    Node closed_;
    std::atomic<Node*> top_{&asleep_};
};

}  // namespace tempeh::actors::detail
