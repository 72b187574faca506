#include "flows/hub.hpp"

#include "flows/suspension.hpp"

#include <tempeh/core/blocking_channel_group.hpp>

#include <boost/asio/error.hpp>

namespace tempeh::flows::detail {

bool Hub::mayBlock() const {
    // No channel has this number: the question costs a lock and fails either way, on the engine's thread with
    // NotAllowed.
    error_code ec;
    group_.blocking().waitWritable(0, Duration::zero(), ec);
    return ec != Status::NotAllowed;
}

void Hub::begin(Wait& wait, Sleeper& sleeper, TimePoint deadline) noexcept {
    {
        const std::scoped_lock lock(mutex_);
        wait.sleeper_ = &sleeper;
        wait.deadline_ = deadline;
        wait.isCancelled_ = false;
        wait.hasTimedOut_ = false;
        if (!wait.enter() && deadline != TimePoint::min()) {
            wait.state_ = Wait::State::Waiting;
            if (deadline == TimePoint::max()) return;
            deadlines_.insert(deadlines_.end(), wait);  // mostly the latest: then this takes constant time
            if (deadline >= armedFor_) return;
            armedFor_ = deadline;
            if (loopSleeps_) nudge();
            return;
        }
        wait.state_ = Wait::State::Woken;
        wait.hasTimedOut_ = deadline == TimePoint::min();
    }
    sleeper.wake(false);
}

void Hub::wake(Wait& wait, WokenList& woken) noexcept {
    if (wait.state_ != Wait::State::Waiting) return;
    wait.state_ = Wait::State::Woken;
    unlinkDeadline(wait);
    woken.add(wait);
}

void Hub::wakeAll(WaitList& waits, WokenList& woken) noexcept {
    for (ListedWait& wait : waits)
        wake(wait, woken);
}

void Hub::cancel(Wait& wait) noexcept {
    WokenList woken;
    {
        const std::scoped_lock lock(mutex_);
        if (wait.state_ == Wait::State::Idle) return;
        wait.isCancelled_ = true;
        wake(wait, woken);
    }
    woken.wakeAll(false);
}

bool Hub::expire(Wait& wait) noexcept {
    const std::scoped_lock lock(mutex_);
    if (wait.state_ != Wait::State::Waiting) return false;
    wait.state_ = Wait::State::Woken;
    wait.hasTimedOut_ = true;
    unlinkDeadline(wait);
    return true;
}

void Hub::settle(Wait& wait) noexcept {
    const std::scoped_lock lock(mutex_);
    wait.state_ = Wait::State::Idle;
    if (wait.isCancelled_) wait.ec = asio::error::operation_aborted;
    wait.settle();
}

void Hub::abandon(Wait& wait) noexcept {
    const std::scoped_lock lock(mutex_);
    unlinkDeadline(wait);
    wait.state_ = Wait::State::Idle;
    wait.isCancelled_ = true;
    wait.ec = asio::error::operation_aborted;
    wait.settle();
}

bool SleepWait::enter() noexcept {
    hub_.sleeps_.push_back(*this);
    return hub_.hasEnded_;
}

void SleepWait::settle() noexcept {
    hub_.sleeps_.erase(hub_.sleeps_.iterator_to(*this));
}

asio::awaitable<void> sleepFor(HubPtr hub, Duration duration) {
    SleepWait wait(*hub);
    Suspension suspension(*hub, wait, co_await asio::this_coro::executor);
    auto slept = suspension.until(hub->time().after(duration));
    co_await std::move(slept);
    if (wait.ec) throw Error(wait.ec);
}

}  // namespace tempeh::flows::detail
