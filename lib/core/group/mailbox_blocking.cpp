// The blocking receive of a mailbox: polls, then sleeps.

#include "core/engine/deadlines.hpp"
#include "core/group/mailbox.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace tempeh::core {

namespace {

/// The thread that brings the next message often runs next on this core, and then need not wake anyone. Costs
/// a third of a microsecond and saves four (measured on one core, 25 us a round trip without; more yields
/// gain no more).
constexpr int yieldsBeforeSleep = 1;

}  // namespace

bool Mailbox::beginSleep(error_code& ec) noexcept {
    const ConsumerLock consumer(consuming_);
    const base::MutexLock lock(mutex_);
    if (waiter_ != nullptr || threadWaits_) {
        ec = Status::NotAllowed;
        return false;
    }
    // Another thread's tryReceive() may just have taken one of several messages and left the rest; no wake-up
    // would come for those.
    threadWaits_ = own_.empty();
    return threadWaits_;
}

void Mailbox::sleep(TimePoint pollEnd, TimePoint deadline) noexcept {
    const auto somethingThere = [this] {
        return hasShared_.load(std::memory_order_acquire) || closed_.load(std::memory_order_acquire);
    };
    for (int i = 0; i < yieldsBeforeSleep && !somethingThere(); ++i)
        std::this_thread::yield();
    while (!somethingThere() && std::chrono::steady_clock::now() < pollEnd)
        std::this_thread::yield();  // the reactor may share this core
    base::WaitableLock lock(mutex_);
    threadSleeps_ = true;
    lock.waitUntil(arrived_, deadline, somethingThere);
    threadSleeps_ = threadWaits_ = false;
}

MessagePtr Mailbox::receiveBlocking(Duration timeout, Duration poll, error_code& ec) noexcept {
    if (MessagePtr message = tryReceive(ec); message || ec || timeout <= Duration::zero()) return message;
    const TimePoint deadline = deadlineAfter(timeout);
    const TimePoint pollEnd =
        poll > Duration::zero() ? std::min(deadline, deadlineAfter(poll)) : TimePoint::min();
    for (;;) {
        if (beginSleep(ec))
            sleep(pollEnd, deadline);
        else if (ec)
            return nullptr;
        // Null when another thread's tryReceive() was faster.
        MessagePtr message = tryReceive(ec);
        if (message || ec || std::chrono::steady_clock::now() >= deadline) return message;
    }
}

}  // namespace tempeh::core
