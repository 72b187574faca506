#pragma once

#include "base/handler_memory.hpp"
#include "transport/awaited_operation.hpp"
#include "transport/context_gate.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <optional>

namespace tempeh::transport {

/// Somebody on an executor who waits for word from other threads. When the executor's context is destroyed,
/// what waits is ended first (abort()): the context does not know of it.
class MemWaiter : public std::enable_shared_from_this<MemWaiter> {
public:
    virtual ~MemWaiter() = default;
    MemWaiter(const MemWaiter&) = delete;
    MemWaiter& operator=(const MemWaiter&) = delete;

    /// Has look() called through the executor. Any thread.
    void ring() noexcept;

    /// Makes the context know it. On the executor, after construction.
    void enter();
    /// From now on nobody calls it. On the executor.
    void leave() noexcept;

protected:
    explicit MemWaiter(const boost::asio::any_io_executor& executor)
        : gate_(ContextGate::of(executor)), executor_(executor), home_(executor) {}

    /// Something may have happened. On the executor, never inline.
    virtual void look() = 0;
    /// Ends what waits with operation_aborted, through the executor.
    virtual void abort() noexcept = 0;

    /// Ends a wait, if there is one, with operation_aborted through the executor.
    void abortWait(std::optional<AwaitedOperation::Completion>& wait) const noexcept;

private:
    class Ring;
    class Waiters;

    bool tryRing() noexcept;

    const std::shared_ptr<ContextGate> gate_;
    base::HandlerMemory memory_;  // for one ring at a time
    base::Mutex mutex_;
    std::optional<boost::asio::any_io_executor> executor_ TEMPEH_GUARDED_BY(mutex_);  // empty: left
    const boost::asio::any_io_executor home_;
};

}  // namespace tempeh::transport
