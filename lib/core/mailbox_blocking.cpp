// The thread's side of a mailbox: polls, then sleeps.

#include "core/mailbox.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace tempeh::core {

namespace {

TimePoint deadlineAfter(Duration timeout) noexcept {
    const TimePoint now = std::chrono::steady_clock::now();
    return timeout >= TimePoint::max() - now ? TimePoint::max() : now + timeout;
}

}  // namespace

MessagePtr Mailbox::receiveBlocking(Duration timeout, Duration poll, error_code& ec) noexcept {
    if (MessagePtr message = tryReceive(ec); message || ec || timeout <= Duration::zero()) return message;
    {
        const std::scoped_lock lock(mutex_);
        if (waiter_ != nullptr || threadWaits_) {
            ec = Status::NotAllowed;
            return nullptr;
        }
        threadWaits_ = true;
    }
    const TimePoint deadline = deadlineAfter(timeout);
    const auto somethingThere = [this] {
        return hasShared_.load(std::memory_order_acquire) || closed_.load(std::memory_order_acquire);
    };
    if (poll > Duration::zero()) {
        const TimePoint pollEnd = std::min(deadline, deadlineAfter(poll));
        while (!somethingThere() && std::chrono::steady_clock::now() < pollEnd)
            std::this_thread::yield();  // the reactor may share this core
    }
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            threadSleeps_ = true;
            // "No deadline" is a wait of its own: the far end of the clock overflows in wait_until().
            if (deadline == TimePoint::max())
                arrived_.wait(lock, somethingThere);
            else
                arrived_.wait_until(lock, deadline, somethingThere);
            threadSleeps_ = threadWaits_ = false;
        }
        MessagePtr message = tryReceive(ec);
        if (message || ec || std::chrono::steady_clock::now() >= deadline) return message;
        const std::scoped_lock lock(mutex_);  // another thread's tryReceive() was quicker
        threadWaits_ = true;
    }
}

}  // namespace tempeh::core
