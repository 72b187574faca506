#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>

namespace tempeh::core {

/// Keeps an execution context from going while threads post to it. They take no lock: one that loses its core
/// in the middle of posting holds up the end of the context, and nobody else. Any thread.
class ContextUse {
public:
    /// True: the context is there until the Hold goes.
    class Hold {
    public:
        explicit Hold(ContextUse& use) noexcept : use_(use) {
            // Counted first: close() finds it here, or it finds the door closed.
            use_.users_.fetch_add(1, std::memory_order_seq_cst);
            isGone_ = use_.isClosed_.load(std::memory_order_seq_cst);
        }
        ~Hold() { use_.users_.fetch_sub(1, std::memory_order_release); }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        explicit operator bool() const noexcept { return !isGone_; }

    private:
        ContextUse& use_;
        bool isGone_;
    };

    /// The context is about to go; waits for who is posting. False: it was closed before.
    bool close() noexcept {
        if (isClosed_.exchange(true, std::memory_order_seq_cst)) return false;
        constexpr std::chrono::microseconds nap(50);
        while (users_.load(std::memory_order_seq_cst) != 0)
            std::this_thread::sleep_for(nap);
        return true;
    }

private:
    std::atomic<std::size_t> users_{0};
    std::atomic<bool> isClosed_{false};
};

}  // namespace tempeh::core
