#include "flows/hub/hub.hpp"

#include "flows/hub/suspension.hpp"

#include <tempeh/core/blocking_channel_group.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <chrono>

namespace tempeh::flows::detail {

bool Hub::mayBlock() const {
    // No channel has this number. The call costs a lock and fails in any case, on the engine's thread with
    // NotAllowed.
    error_code ec;
    group_.blocking().waitWritable(0, Duration::zero(), ec);
    return ec != Status::NotAllowed;
}

MessagePtr Hub::newMessage(OpCode opCode) const {
    MessagePtr message = engine_.get();
    message->header.opCode = opCode;
    return message;
}

MessagePtr Hub::newMessage(OpCode opCode, std::string_view body) const {
    MessagePtr message = newMessage(opCode);
    message->body.assign(body);
    return message;
}

void Hub::begin(Wait& wait, Sleeper& sleeper, TimePoint deadline, const error_code& stopReason) noexcept {
    ContextLife* entered = nullptr;
    {
        HubLock lock(*this);
        if (!prepare(wait, sleeper)) {
            lock.unlock();
            std::shared_ptr<ContextLife> life = watch(*sleeper.context_);
            lock.lock();
            keepLife(sleeper, std::move(life));
        }
        wait.deadline_ = deadline;
        wait.stopReason_ = stopReason;
        if (!wait.enter() && !stopReason && deadline != TimePoint::min()) {
            wait.state_ = Wait::State::Waiting;
            sleepers_.push_back(sleeper);
            if (deadline == TimePoint::max()) return;
            deadlines_.insert(deadlines_.end(), wait);  // mostly the latest: then this takes constant time
            if (deadline >= armedFor_) return;
            armedFor_ = deadline;
            if (loopSleeps_) nudge();
            return;
        }
        setWoken(wait);
        prepareToTell(wait, false);
        entered = wait.telling_.entered;
        wait.isExpired_ = !stopReason && deadline == TimePoint::min();
    }
    sleeper.wake(false, entered);
}

bool Hub::prepare(Wait& wait, Sleeper& sleeper) noexcept {
    wait.sleeper_ = &sleeper;
    sleeper.wait_ = &wait;
    wait.hasTimedOut_ = false;
    wait.isExpired_ = false;
    return findLife(sleeper);
}

bool Hub::findLife(Sleeper& sleeper) const noexcept {
    sleeper.life_ = nullptr;
    if (sleeper.context_ == nullptr) return true;
    sleeper.runsOnLoop_ = *sleeper.runsOn_ == loopExecutor_;
    for (const std::shared_ptr<ContextLife>& life : lives_)
        if (life->isOf(*sleeper.context_)) sleeper.life_ = life.get();
    return sleeper.life_ != nullptr;
}

std::shared_ptr<ContextLife> Hub::watch(asio::execution_context& context) noexcept try {
    std::shared_ptr<ContextLife> life = ContextLife::of(context);
    life->add(shared_from_this());
    return life;
} catch (const std::bad_alloc&) {
    return nullptr;
}

/// Another thread may have been faster.
void Hub::keepLife(Sleeper& sleeper, std::shared_ptr<ContextLife> life) noexcept {
    if (life == nullptr || findLife(sleeper)) return;
    try {
        lives_.push_back(life);
        sleeper.life_ = life.get();
    } catch (const std::bad_alloc&) {
        return;  // it goes on without
    }
}

void Hub::onContextGone(const ContextLife& life) noexcept {
    SleeperList abandoned;
    {
        const HubLock lock(*this);
        for (auto it = sleepers_.begin(); it != sleepers_.end();) {
            Sleeper& sleeper = *it++;
            if (sleeper.life_ != &life) continue;
            setWoken(*sleeper.wait_);
            abandoned.push_back(sleeper);
        }
        std::erase_if(lives_, [&life](const auto& known) { return known.get() == &life; });
    }
    while (!abandoned.empty()) {
        Sleeper& sleeper = abandoned.front();
        abandoned.pop_front();
        sleeper.abandon();
    }
}

void Hub::setWoken(Wait& wait) noexcept {
    wait.state_ = Wait::State::Woken;
    if (wait.sleeper_->is_linked()) wait.sleeper_->unlink();
    unlinkDeadline(wait);
}

/// The sleeper is told after the lock is released, so its context must stay until then. (The loop's own
/// context does, when the loop tells it.)
void Hub::prepareToTell(Wait& wait, bool byLoop) noexcept {
    Sleeper& sleeper = *wait.sleeper_;
    const bool enters = sleeper.life_ != nullptr && !(byLoop && sleeper.runsOnLoop_);
    if (enters) sleeper.life_->enter();
    wait.telling_ = {.sleeper = &sleeper,
                     .entered = enters ? sleeper.life_ : nullptr,
                     .isOnLoop = sleeper.runsOnLoop_,
                     .next = nullptr};
}

void Hub::wake(Wait& wait, WokenList& woken) noexcept {
    if (wait.state_ != Wait::State::Waiting) return;
    setWoken(wait);
    prepareToTell(wait, woken.isOnLoop());
    woken.add(wait);
}

void Hub::wakeAll(WaitList& waits, WokenList& woken) noexcept {
    for (ListedWait& wait : waits)
        wake(wait, woken);
}

bool Hub::wakeLater(Wait& wait) noexcept {
    constexpr std::chrono::milliseconds soon{1};
    const HubLock lock(*this);
    if (hasEnded_) return false;
    untold_.add(wait);
    tellAt_ = time_.now() + soon;
    armedFor_ = std::min(armedFor_, tellAt_);
    if (loopSleeps_) nudge();
    return true;
}

void Hub::cancel(Wait& wait) noexcept {
    WokenList woken;
    {
        const HubLock lock(*this);
        if (wait.state_ == Wait::State::Idle) return;
        if (!wait.stopReason_) wait.stopReason_ = asio::error::operation_aborted;
        wake(wait, woken);
    }
    woken.wakeAll(false);
}

bool Hub::expire(Wait& wait) noexcept {
    const HubLock lock(*this);
    if (wait.state_ != Wait::State::Waiting) return false;
    setWoken(wait);
    wait.isExpired_ = true;
    return true;
}

void Hub::settle(Wait& wait) noexcept {
    const HubLock lock(*this);
    wait.state_ = Wait::State::Idle;
    wait.hasTimedOut_ = wait.isExpired_;
    if (wait.stopReason_) wait.ec = wait.stopReason_;
    wait.settle();
}

void Hub::abandon(Wait& wait) noexcept {
    const HubLock lock(*this);
    setWoken(wait);
    wait.state_ = Wait::State::Idle;
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
