#pragma once

#include <tempeh/core/asio.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set_hook.hpp>

#include <cstdint>
#include <utility>

namespace tempeh::flows::detail {

class Hub;

/// Who waits: a coroutine, or a thread.
class Sleeper {
public:
    /// Once per wait, no lock held. `onLoop`: called by the hub's loop, whose executor is this thread's.
    virtual void wake(bool onLoop) noexcept = 0;

protected:
    ~Sleeper() = default;
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
    bool isCancelled_ = false;
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
    WokenList() noexcept = default;
    WokenList(const WokenList&) = delete;
    WokenList& operator=(const WokenList&) = delete;

    bool empty() const noexcept { return first_ == nullptr; }

    void add(Wait& wait) noexcept {
        wait.nextWoken_ = nullptr;
        (last_ != nullptr ? last_->nextWoken_ : first_) = &wait;
        last_ = &wait;
    }

    /// No lock held.
    void wakeAll(bool onLoop) noexcept {
        last_ = nullptr;
        for (Wait* wait = std::exchange(first_, nullptr); wait != nullptr;) {
            Wait* const next = wait->nextWoken_;  // gone with its owner after the wake
            wait->sleeper_->wake(onLoop);
            wait = next;
        }
    }

private:
    Wait* first_ = nullptr;
    Wait* last_ = nullptr;
};

}  // namespace tempeh::flows::detail
