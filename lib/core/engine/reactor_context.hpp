#pragma once

#include "core/engine/context_use.hpp"
#include "core/engine/wake_channel.hpp"

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/asio.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <memory>
#include <optional>

namespace tempeh::core {

/// The context an engine runs on, and whether it still exists: its executor, and the entry point for other
/// threads. Any thread, unless stated otherwise.
class ReactorContext {
public:
    ReactorContext(asio::io_context& context, asio::any_io_executor executor);
    ReactorContext(const ReactorContext&) = delete;
    ReactorContext& operator=(const ReactorContext&) = delete;

    /// While a true Hold lives, the context is not destroyed. Takes no lock.
    ContextUse::Hold hold() noexcept { return ContextUse::Hold(use_); }

    /// The system executor once the context is gone.
    asio::any_io_executor executor() const TEMPEH_EXCLUDES(mutex_);
    /// The same without a lock. Reactor thread.
    const asio::any_io_executor& executorHere() const noexcept { return executor_; }
    /// Takes no lock for a context's own executor, nor on the reactor thread.
    bool isOwnExecutor(const asio::any_io_executor& executor, bool isReactorThread) const noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// False once the context is gone.
    bool isOwnContext(const asio::execution_context& context) const noexcept {
        return &context == context_.load(std::memory_order_relaxed);
    }
    /// Whether the caller is a handler on the context; false once the context is gone.
    bool runsInThisThread() const noexcept TEMPEH_EXCLUDES(mutex_);

    /// Runs the work later on the context. The caller holds the context. Does not fail as long as only one
    /// piece of work is pending at a time.
    template <typename Work>
    void post(Work work) {
        wakes_.post(std::move(work));
    }

    /// The context is about to be destroyed: gives out no further holds and waits for existing ones. False:
    /// already closed.
    bool close() noexcept TEMPEH_EXCLUDES(mutex_);
    /// Call after close(), when everything that belongs to the context is gone.
    void forget() noexcept TEMPEH_EXCLUDES(mutex_);

private:
    ContextUse use_;
    mutable base::Mutex mutex_;  // held briefly; never while posting
    bool isGone_ TEMPEH_GUARDED_BY(mutex_) = false;
    asio::any_io_executor executor_;  // changed on the reactor thread with the lock held
    // The same if it is the context's own and not a strand; never changed.
    const std::optional<asio::io_context::executor_type> concreteExecutor_;
    std::atomic<const asio::execution_context*> context_;  // null once the context is gone
    WakeChannel wakes_;
};

}  // namespace tempeh::core
