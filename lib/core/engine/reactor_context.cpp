#include "core/engine/reactor_context.hpp"

#include <boost/asio/system_executor.hpp>

#include <utility>

namespace tempeh::core {

namespace {

std::optional<asio::io_context::executor_type> concrete(const asio::any_io_executor& executor) {
    const auto* target = executor.target<asio::io_context::executor_type>();
    return target != nullptr ? std::optional(*target) : std::nullopt;
}

}  // namespace

ReactorContext::ReactorContext(asio::io_context& context, asio::any_io_executor executor)
    : executor_(std::move(executor))
    , concreteExecutor_(concrete(executor_))
    , context_(&context)
    , wakes_(context, executor_) {}

asio::any_io_executor ReactorContext::executor() const {
    const base::MutexLock lock(mutex_);
    return executor_;
}

bool ReactorContext::isOwnExecutor(const asio::any_io_executor& executor,
                                   bool isReactorThread) const noexcept {
    // Neither comparison touches the context, which may be gone.
    if (const auto* own = executor.target<asio::io_context::executor_type>())
        return concreteExecutor_ && *own == *concreteExecutor_;
    if (executor.target<WakeChannel::Strand>() == nullptr) return false;
    if (isReactorThread) return executor == executor_;
    const base::MutexLock lock(mutex_);
    return executor == executor_;
}

bool ReactorContext::runsInThisThread() const noexcept {
    const base::MutexLock lock(mutex_);
    return !isGone_ && wakes_.runsInThisThread();
}

bool ReactorContext::close() noexcept {
    if (!use_.close()) return false;
    const base::MutexLock lock(mutex_);
    isGone_ = true;
    return true;
}

/// A strand must not outlive its context, but a group may: it keeps the engine alive, and this object with
/// it.
void ReactorContext::forget() noexcept {
    const base::MutexLock lock(mutex_);
    executor_ = asio::system_executor();
    context_.store(nullptr, std::memory_order_relaxed);
    wakes_.release();
}

}  // namespace tempeh::core
