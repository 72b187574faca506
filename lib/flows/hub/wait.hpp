#pragma once

#include <tempeh/core/asio.hpp>
#include <tempeh/core/detail/context_life.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set_hook.hpp>

#include <cstdint>
#include <utility>

namespace tempeh::flows::detail {

class Hub;
class Wait;
using tempeh::detail::ContextLife;

/// Who waits: a coroutine, or a thread. In the hub's list of sleepers while it does.
class Sleeper
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    /// Once per wait, no lock held. `onLoop`: called by the hub's loop, whose executor is this thread's.
    virtual void wake(bool onLoop) noexcept = 0;
    /// Instead of wake(): its context is going.
    virtual void abandon() noexcept {}

    Sleeper() noexcept = default;
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;

protected:
    ~Sleeper() = default;

    friend class Hub;
    friend class WokenList;

    // A coroutine's, constant.
    const asio::any_io_executor* runsOn_ = nullptr;
    asio::execution_context* context_ = nullptr;

    // Under the hub's lock, then the waker's.
    Wait* wait_ = nullptr;
    bool runsOnLoop_ = false;      // runsOn_ is the executor of the hub's loop
    ContextLife* life_ = nullptr;  // of the context
    bool isEntered_ = false;       // that was entered for the wake
};

using DeadlineHook = boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>,
                                                     boost::intrusive::optimize_size<true>>;

/// Something that is waited for at a Hub; lives in the frame of the coroutine or on the stack of the thread.
/// All of it is under the hub's lock until the wait is settled, its owner's afterwards.
class Wait : public DeadlineHook {
public:
    Wait() noexcept = default;
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    /// Lock held: registers where its reason will come from. True: there is no need to wait.
    virtual bool enter() noexcept = 0;
    /// Lock held, the wait is over: takes the result (unless cancelled) and leaves where it was registered.
    virtual void settle() noexcept = 0;

    /// The deadline came; there may be a result nevertheless.
    bool hasTimedOut() const noexcept { return hasTimedOut_; }
    const TimePoint& deadline() const noexcept { return deadline_; }

    error_code ec;  ///< The outcome.

protected:
    ~Wait() = default;

private:
    friend class Hub;
    friend class WokenList;

    /// Idle -> begin() -> Waiting -> one who found a reason -> Woken -> the sleeper -> Idle.
    enum class State : std::uint8_t { Idle, Waiting, Woken };

    State state_ = State::Idle;
    error_code stopReason_;  // why it ends without a result: cancelled, mostly
    bool hasTimedOut_ = false;
    Sleeper* sleeper_ = nullptr;
    Wait* nextWoken_ = nullptr;
    TimePoint deadline_ = TimePoint::max();
};

/// A wait in a list of those that wait for the same.
class ListedWait : public Wait, public boost::intrusive::list_base_hook<> {
protected:
    ~ListedWait() = default;
};

using WaitList = boost::intrusive::list<ListedWait>;

/// Waits that were woken under the lock and whose sleepers are told once it is released.
class WokenList {
public:
    /// `isOnLoop`: wakeAll(true) follows.
    explicit WokenList(bool isOnLoop = false) noexcept : isOnLoop_(isOnLoop) {}
    WokenList(const WokenList&) = delete;
    WokenList& operator=(const WokenList&) = delete;

    bool empty() const noexcept { return first_ == nullptr; }
    bool isOnLoop() const noexcept { return isOnLoop_; }

    void add(Wait& wait) noexcept {
        wait.nextWoken_ = nullptr;
        (last_ != nullptr ? last_->nextWoken_ : first_) = &wait;
        last_ = &wait;
    }

    /// Takes them over.
    void append(WokenList& other) noexcept {
        if (other.empty()) return;
        (last_ != nullptr ? last_->nextWoken_ : first_) = other.first_;
        last_ = std::exchange(other.last_, nullptr);
        other.first_ = nullptr;
    }

    /// No lock held. First those whose contexts must stay until they are told: the others run here, and what
    /// they do may be the end of such a context.
    void wakeAll(bool onLoop) noexcept {
        Wait* here = nullptr;
        Wait** end = &here;
        last_ = nullptr;
        for (Wait* wait = std::exchange(first_, nullptr); wait != nullptr;) {
            Wait* const next = wait->nextWoken_;  // gone with its owner after the wake
            if (wait->sleeper_->isEntered_ || !wait->sleeper_->runsOnLoop_) {
                wait->sleeper_->wake(onLoop);
            } else {
                *end = wait;
                end = &wait->nextWoken_;
            }
            wait = next;
        }
        *end = nullptr;
        while (here != nullptr) {
            Wait* const wait = std::exchange(here, here->nextWoken_);
            wait->sleeper_->wake(onLoop);
        }
    }

private:
    const bool isOnLoop_;
    Wait* first_ = nullptr;
    Wait* last_ = nullptr;
};

}  // namespace tempeh::flows::detail
