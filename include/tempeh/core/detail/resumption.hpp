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
    const ResumptionWatch watch(waiter);
    try {
        asio::post(executor, Continuation(waiter));
    } catch (const std::bad_alloc&) {
        if (watch.wasDropped()) backend.resumeLater(waiter);
        return;
    }
    if (watch.wasDropped()) waiter.abandon();
}

}  // namespace tempeh::detail
