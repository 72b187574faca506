#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/asio.hpp>

#include <boost/asio/execution_context.hpp>

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>

namespace tempeh::detail {

class ContextLife;

/// Holds waits whose handlers belong to an execution context.
class TEMPEH_EXPORT ContextDependent {
public:
    /// The context is being destroyed, and nothing is on its way to it. Abandons every wait of its handlers.
    virtual void onContextGone(const ContextLife& life) noexcept = 0;

protected:
    ~ContextDependent() = default;
};

/// Tells whether an execution context still exists, for threads that resume its handlers from outside. Asio
/// knows nothing of a coroutine that waits for an event of this library. Without this class, such a coroutine
/// would be resumed in freed memory after its context was destroyed.
///
/// Call enter(), then isGone(), then post to the context or abandon the handler, then leave(). The context's
/// destructor waits in between. Takes no lock, so a thread that resumes never waits for one that does not
/// run.
class TEMPEH_EXPORT ContextLife {
public:
    explicit ContextLife(const asio::execution_context& context) noexcept : context_(context) {}

    /// Returns the life of a context that exists. Takes the lock of the context's services. Throws
    /// std::bad_alloc.
    static std::shared_ptr<ContextLife> of(asio::execution_context& context);

    /// Adds an object to be told of the end. It is told once, however often it is added. Throws
    /// std::bad_alloc.
    void add(const std::shared_ptr<ContextDependent>& dependent);

    bool isOf(const asio::execution_context& context) const noexcept { return &context == &context_; }

    void enter() noexcept { underWay_.fetch_add(1); }
    /// Call it between enter() and leave().
    bool isGone() const noexcept { return isGone_.load(); }
    /// The last access: this object may be gone afterwards.
    void leave() noexcept { underWay_.fetch_sub(1); }

private:
    class Service;
    void end() noexcept;
    void waitForThoseUnderWay() const noexcept;

    const asio::execution_context& context_;  // only its address
    std::atomic<bool> isGone_{false};
    std::atomic<std::size_t> underWay_{0};
    base::Mutex mutex_;
    std::map<ContextDependent*, std::weak_ptr<ContextDependent>> dependents_ TEMPEH_GUARDED_BY(mutex_);
    std::size_t pruneAt_ TEMPEH_GUARDED_BY(mutex_) = 16;
};

}  // namespace tempeh::detail
