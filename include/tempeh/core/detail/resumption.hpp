#pragma once

#include <tempeh/core/asio.hpp>
#include <tempeh/core/detail/group_backend.hpp>

#include <boost/asio/post.hpp>

#include <new>
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
        if (waiter_ != nullptr && !ResumptionWatch::noteDropped(*waiter_)) waiter_->abandon();
    }
    void operator()() { std::exchange(waiter_, nullptr)->finish(); }

private:
    Waiting* waiter_;
};

/// Posts a `Continuation` (a Resumption) of the waiter. Where the executor has no memory for it, the backend
/// tries again later; where its context is gone, the waiter is abandoned. The waiter may be gone on return.
template <typename Continuation, typename Waiting, typename Executor>
void postResumption(Waiting& waiter, GroupBackend& backend, const Executor& executor) noexcept {
    ContextLife* const life = waiter.life;
    if (life != nullptr && life->isGone()) {
        waiter.abandon();
        return life->leave();
    }
    const ResumptionWatch watch(waiter);
    bool isToTryAgain = false;
    try {
        asio::post(executor, Continuation(waiter));
    } catch (const std::bad_alloc&) {
        isToTryAgain = watch.wasDropped();
    }
    if (isToTryAgain) {
        waiter.life = nullptr;  // not entered then
        backend.resumeLater(waiter);
    } else if (watch.wasDropped()) {
        waiter.abandon();
    }
    if (life != nullptr) life->leave();
}

}  // namespace tempeh::detail
