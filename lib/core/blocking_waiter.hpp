#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/detail/group_backend.hpp>

#include <condition_variable>
#include <memory>

namespace tempeh::core {

/// A thread that waits in waitWritable. It keeps its own time: an engine that does not run (a context nobody
/// runs at the moment) must not make a timeout late. Owned by the thread and by the engine until it resumes
/// it.
class BlockingWaiter final : public detail::Waiter {
public:
    /// True: the channel takes messages again; false: the timeout passed, or `ec`.
    static bool wait(detail::GroupBackend& backend, ChannelNumber channel, Duration timeout,
                     error_code& ec) noexcept;

    void resume(bool inlineAllowed) noexcept override;

private:
    /// Waits so long at most.
    bool isResumedBy(TimePoint until) noexcept;

    base::Mutex mutex_;
    std::condition_variable resumed_;
    bool isResumed_ TEMPEH_GUARDED_BY(mutex_) = false;
    std::shared_ptr<BlockingWaiter> engineReference_;  // while the engine holds the plain reference
};

}  // namespace tempeh::core
