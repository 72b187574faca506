#pragma once

#include <tempeh/core/asio.hpp>
#include <tempeh/core/detail/group_backend.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <exception>
#include <new>
#include <thread>
#include <utility>

namespace tempeh::detail {

/// A waiter's continuation on its way through an executor, which it owns: destroyed without a call (the
/// executor's context is gone), it abandons the waiter. `Waiting` is a Waiter with finish() and abandon().
template <typename Waiting>
class Resumption {
public:
    explicit Resumption(Waiting& waiter) noexcept : waiter_(&waiter) {}
    Resumption(Resumption&& other) noexcept : waiter_(std::exchange(other.waiter_, nullptr)) {}
    Resumption& operator=(Resumption&&) = delete;
    ~Resumption() {
        if (waiter_ != nullptr && !ResumptionWatch::noteDropped(waiter_)) waiter_->abandon();
    }
    void operator()() { std::exchange(waiter_, nullptr)->finish(); }

private:
    Waiting* waiter_;
};

/// Makes an operation cancellable, where its slot is connected. False: no memory for that, and the operation
/// is to end with no_memory. Thrown out of an initiation, bad_alloc would destroy the coroutine that waits
/// instead of telling it.
template <typename Slot, typename Cancel>
bool tryAssign(Slot slot, Cancel cancel) noexcept {
    if (!slot.is_connected()) return true;
    try {
        slot.assign(std::move(cancel));
    } catch (const std::bad_alloc&) {
        return false;
    }
    return true;
}

/// Posts a `Continuation` (a Resumption) of the waiter. False: the executor had no memory for it, and the
/// waiter still waits. Where the executor's context is gone, the waiter is abandoned. The waiter may be gone
/// when this returns true.
template <typename Continuation, typename Waiting, typename Executor>
bool tryPostResumption(Waiting& waiter, const Executor& executor) noexcept {
    // Whoever waits for a context to run out of work may destroy it then: not before post() is through,
    // though the coroutine may have run to its end by then, and the waiter with it.
    const auto tracked = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    const ResumptionWatch watch(&waiter);
    try {
        asio::post(tracked, Continuation(waiter));
    } catch (const std::bad_alloc&) {
        return !watch.wasDropped();
    }
    if (watch.wasDropped()) waiter.abandon();
    return true;
}

/// Likewise, unless the context is going; without memory the backend tries again later.
template <typename Continuation, typename Waiting, typename Executor>
void postResumption(Waiting& waiter, GroupBackend& backend, const Executor& executor) noexcept {
    ContextLife* const life = waiter.life;
    if (life != nullptr && life->isGone()) {
        waiter.abandon();
        return life->leave();
    }
    if (!tryPostResumption<Continuation>(waiter, executor)) {
        waiter.life = nullptr;  // not entered then
        backend.resumeLater(waiter);
    }
    if (life != nullptr) life->leave();
}

/// What the application's handler threw has to come out of the run() of its context, and not of whatever
/// called it. Without memory it tries until there is some: an exception must not get lost.
template <typename Executor>
void rethrowFrom(const Executor& executor, const std::exception_ptr& failure) noexcept {
    for (;;) {
        try {
            asio::post(executor, [failure] { std::rethrow_exception(failure); });
            return;
        } catch (const std::bad_alloc&) {
            std::this_thread::yield();
        }
    }
}

/// Likewise, inside this call where the executor allows it.
template <typename Continuation, typename Waiting, typename Executor>
void dispatchResumption(Waiting& waiter, GroupBackend& backend, const Executor& executor) noexcept {
    const ResumptionWatch watch(&waiter);
    try {
        asio::dispatch(executor, Continuation(waiter));
    } catch (...) {
        if (watch.wasDropped()) return backend.resumeLater(waiter);  // no memory for it
        // The handler's: a strand lets that through to here.
        return rethrowFrom(executor, std::current_exception());
    }
    if (watch.wasDropped()) waiter.abandon();
}

/// Runs a waiter's continuation where it is, as dispatch() to its executor would, without the detour through
/// a type-erased function. The waiter may be gone when `work` is done, so the executor is a copy.
template <typename Executor, typename Work>
void runHere(const Executor executor, Work work) noexcept {
    try {
        work();
    } catch (...) {
        rethrowFrom(executor, std::current_exception());
    }
}

}  // namespace tempeh::detail
