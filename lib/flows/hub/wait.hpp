#pragma once

#include "flows/hub/hub_lock.hpp"

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

/// A coroutine or a thread that waits. While it does, it is in the hub's list of sleepers.
class Sleeper
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    /// Its wait is over. Called once per wait. `isHere`: it may run inside this call, which is on its
    /// executor. `entered`: its context, which exists until it is left; null if nothing of the kind is
    /// needed.
    virtual void wake(bool isHere, ContextLife* entered) noexcept TEMPEH_EXCLUDES(hubLocked) = 0;
    /// Called instead of wake() when its context is being destroyed.
    virtual void abandon() noexcept TEMPEH_EXCLUDES(hubLocked) {}

    Sleeper() noexcept = default;
    Sleeper(const Sleeper&) = delete;
    Sleeper& operator=(const Sleeper&) = delete;

protected:
    friend class Hub;
    friend class WokenList;

    ~Sleeper() = default;

    // Those of a coroutine. Constant.
    const asio::any_io_executor* runsOn_ = nullptr;
    asio::execution_context* context_ = nullptr;

private:
    Wait* wait_ TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    bool runsOnLoop_ TEMPEH_GUARDED_BY(hubLocked) = false;      // runsOn_ is the executor of the hub's loop
    ContextLife* life_ TEMPEH_GUARDED_BY(hubLocked) = nullptr;  // of the context
};

using DeadlineHook = boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::safe_link>,
                                                     boost::intrusive::optimize_size<true>>;

/// What is waited for at a Hub. Lives in the frame of the coroutine or on the stack of the thread. The
/// results are its owner's: they are set only where the owner's own thread begins and settles the wait.
class Wait : public DeadlineHook {
public:
    Wait() noexcept = default;
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    /// Registers with what will end the wait. True: there is no need to wait.
    virtual bool enter() noexcept TEMPEH_REQUIRES(hubLocked) = 0;
    /// The wait is over: takes the result (unless cancelled) and unregisters.
    virtual void settle() noexcept TEMPEH_REQUIRES(hubLocked) = 0;

    /// The deadline passed; there may be a result nevertheless.
    bool hasTimedOut() const noexcept { return hasTimedOut_; }
    const TimePoint& deadline() const noexcept TEMPEH_REQUIRES(hubLocked) { return deadline_; }

    error_code ec;  ///< The outcome.

protected:
    ~Wait() = default;

private:
    friend class Hub;
    friend class WokenList;

    /// Idle -> begin() -> Waiting -> what ends the wait -> Woken -> the sleeper settles it -> Idle.
    enum class State : std::uint8_t { Idle, Waiting, Woken };

    /// How to tell its sleeper. Belongs to the waker, which needs no lock for it.
    struct Telling {
        Sleeper* sleeper = nullptr;
        ContextLife* entered = nullptr;  // the sleeper's context, if it was entered for this
        bool isOnLoop = false;           // the sleeper runs where the hub's loop does
        Wait* next = nullptr;
    };

    bool hasTimedOut_ = false;  // the owner's, as `ec`
    State state_ TEMPEH_GUARDED_BY(hubLocked) = State::Idle;
    bool isExpired_ TEMPEH_GUARDED_BY(hubLocked) = false;
    error_code stopReason_ TEMPEH_GUARDED_BY(hubLocked);  // why there is no result: mostly cancelled
    Sleeper* sleeper_ TEMPEH_GUARDED_BY(hubLocked) = nullptr;
    TimePoint deadline_ TEMPEH_GUARDED_BY(hubLocked) = TimePoint::max();
    Telling telling_;
};

/// A wait in a list of those that wait for the same thing.
class ListedWait : public Wait, public boost::intrusive::list_base_hook<> {
protected:
    ~ListedWait() = default;
};

using WaitList = boost::intrusive::list<ListedWait>;

/// Waits that were woken under the lock and whose sleepers are told after it is released.
class WokenList {
public:
    /// `isOnLoop`: wakeAll(true) follows.
    explicit WokenList(bool isOnLoop = false) noexcept : isOnLoop_(isOnLoop) {}
    WokenList(const WokenList&) = delete;
    WokenList& operator=(const WokenList&) = delete;

    bool empty() const noexcept { return first_ == nullptr; }
    bool isOnLoop() const noexcept { return isOnLoop_; }

    void add(Wait& wait) noexcept {
        wait.telling_.next = nullptr;
        (last_ != nullptr ? last_->telling_.next : first_) = &wait;
        last_ = &wait;
    }

    /// Takes over the other's waits.
    void append(WokenList& other) noexcept {
        if (other.empty()) return;
        (last_ != nullptr ? last_->telling_.next : first_) = other.first_;
        last_ = std::exchange(other.last_, nullptr);
        other.first_ = nullptr;
    }

    /// First tells those whose contexts must stay until they are told. The others run inside this call, and
    /// what they do may end such a context. `onLoop`: called by the hub's loop.
    void wakeAll(bool onLoop) noexcept TEMPEH_EXCLUDES(hubLocked) {
        Wait* here = nullptr;
        Wait** end = &here;
        last_ = nullptr;
        for (Wait* wait = std::exchange(first_, nullptr); wait != nullptr;) {
            const Wait::Telling telling = wait->telling_;  // the wait is gone with its owner after the wake
            if (telling.entered != nullptr || !telling.isOnLoop) {
                telling.sleeper->wake(onLoop && telling.isOnLoop, telling.entered);
            } else {
                *end = wait;
                end = &wait->telling_.next;
            }
            wait = telling.next;
        }
        *end = nullptr;
        while (here != nullptr) {
            Wait* const wait = std::exchange(here, here->telling_.next);
            wait->telling_.sleeper->wake(onLoop, nullptr);
        }
    }

private:
    const bool isOnLoop_;
    Wait* first_ = nullptr;
    Wait* last_ = nullptr;
};

}  // namespace tempeh::flows::detail
