#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <thread>

namespace tempeh::core {

/// Keeps an execution context alive while threads post to it. The threads take no lock: one that is preempted
/// while posting delays only the end of the context. Any thread.
class ContextUse {
public:
    /// If true, the context exists until the Hold is destroyed.
    class Hold {
    public:
        explicit Hold(ContextUse& use) noexcept : use_(use) {
            // Count first: then either close() sees the count, or this constructor sees that it is closed.
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

    /// The context is about to be destroyed; waits for the threads that are posting. False: already closed.
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
