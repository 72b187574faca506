#pragma once

#include <tempeh/core/asio.hpp>
#include <tempeh/core/detail/group_backend.hpp>
#include <tempeh/core/detail/until_there_is_memory.hpp>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <exception>
#include <new>
#include <utility>

namespace tempeh::detail {

/// A waiter's continuation on its way through an executor, which owns it. If the executor destroys it without
/// a call, because its context is gone, it abandons the waiter. `Waiting` is a Waiter with finish() and
/// abandon().
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

/// Makes an operation cancellable, if its slot is connected. False: there is no memory for that, and the
/// operation must end with no_memory. If bad_alloc left an initiation, it would destroy the waiting coroutine
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
/// waiter still waits. If the executor's context is gone, the waiter is abandoned. The waiter may be gone
/// when this returns true.
template <typename Continuation, typename Waiting, typename Executor>
bool tryPostResumption(Waiting& waiter, const Executor& executor) noexcept {
    // A program may destroy a context once it runs out of work. That must not happen before post() returns,
    // although the coroutine may have finished by then, and the waiter with it.
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

/// The same, unless the context is being destroyed. Without memory the backend tries again later.
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

/// An exception of the application's handler must leave the run() of its context, and not the function that
/// called the handler. Retries until there is memory: an exception must not get lost.
template <typename Executor>
void rethrowFrom(const Executor& executor, const std::exception_ptr& failure) noexcept {
    untilThereIsMemory([&] { asio::post(executor, [failure] { std::rethrow_exception(failure); }); });
}

/// The same, inside this call if the executor allows it.
template <typename Continuation, typename Waiting, typename Executor>
void dispatchResumption(Waiting& waiter, GroupBackend& backend, const Executor& executor) noexcept {
    const ResumptionWatch watch(&waiter);
    try {
        asio::dispatch(executor, Continuation(waiter));
    } catch (...) {
        if (watch.wasDropped()) return backend.resumeLater(waiter);  // no memory for it
        // The handler's exception, which a strand lets through.
        return rethrowFrom(executor, std::current_exception());
    }
    if (watch.wasDropped()) waiter.abandon();
}

/// Runs a waiter's continuation here, as dispatch() to its executor would, without a type-erased function in
/// between. The waiter may be gone when `work` returns, so the executor is a copy.
template <typename Executor, typename Work>
void runHere(const Executor executor, Work work) noexcept {
    try {
        work();
    } catch (...) {
        rethrowFrom(executor, std::current_exception());
    }
}

}  // namespace tempeh::detail
