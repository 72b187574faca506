#pragma once

#include <boost/intrusive/slist.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace tempeh::core {

/// Work to be done later on the reactor thread. A member of the object it concerns, so that scheduling it
/// needs no memory. Queued at most once at a time, by SubmitQueue::enlist().
class Task : public boost::intrusive::slist_base_hook<> {
public:
    Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    /// Runs in a turn of the reactor thread. From here on it can be queued again.
    virtual void run() noexcept = 0;

protected:
    ~Task() = default;

private:
    friend class SubmitQueue;
    /// True: it was not queued, and is now. If it returns false, the pending run will see everything done
    /// before this call.
    bool beginQueued() noexcept { return !isQueued_.exchange(true, std::memory_order_acq_rel); }
    /// Returns the keepAlive of a task that is about to run; the task can be queued again.
    std::shared_ptr<void> endQueued() noexcept {
        std::shared_ptr<void> keepAlive = std::move(keepAlive_);
        isQueued_.exchange(false, std::memory_order_acq_rel);
        return keepAlive;
    }

    std::atomic<bool> isQueued_{false};
    std::shared_ptr<void> keepAlive_;  // owns the enclosing object; for the thread that changed isQueued_
};

/// A Task that calls a function object.
template <typename Work>
class TaskOf final : public Task {
public:
    explicit TaskOf(Work work) : work_(std::move(work)) {}
    void run() noexcept override { work_(); }

private:
    Work work_;
};

/// A Task that calls a member function of the object it is a member of.
template <typename Owner, void (Owner::*run_)() noexcept>
class OwnTask final : public Task {
public:
    explicit OwnTask(Owner& owner) noexcept : owner_(owner) {}
    void run() noexcept override { (owner_.*run_)(); }

private:
    Owner& owner_;
};

}  // namespace tempeh::core
