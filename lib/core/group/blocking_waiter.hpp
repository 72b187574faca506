#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/detail/group_backend.hpp>

#include <condition_variable>
#include <memory>

namespace tempeh::core {

/// A thread that waits in waitWritable(). It keeps its own time: a timeout must not be late because the
/// engine does not run (for example when no thread runs its context). Owned by the thread and, until it
/// resumes it, by the engine.
class BlockingWaiter final : public detail::Waiter {
public:
    /// True: the channel accepts messages again. False: the timeout passed, or `ec` is set.
    static bool wait(detail::GroupBackend& backend, ChannelNumber channel, Duration timeout,
                     error_code& ec) noexcept;

    void resume(bool inlineAllowed) noexcept override;

private:
    /// Waits until `until` at most.
    bool isResumedBy(TimePoint until) noexcept;

    base::Mutex mutex_;
    std::condition_variable resumed_;
    bool isResumed_ TEMPEH_GUARDED_BY(mutex_) = false;
    std::shared_ptr<BlockingWaiter> engineReference_;  // while the engine holds the plain reference
};

}  // namespace tempeh::core
