#pragma once

#include <boost/intrusive/slist.hpp>

#include <atomic>
#include <memory>
#include <utility>

namespace tempeh::core {

/// Something to be done on the reactor thread, later. Its memory is there before anybody is promised it: a
/// member of what it is about. Queued once at a time; SubmitQueue::enlist() takes it.
class Job : public boost::intrusive::slist_base_hook<> {
public:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    /// In a turn of the reactor thread. Queued again from here on, when somebody enlists it.
    virtual void run() noexcept = 0;

protected:
    ~Job() = default;

private:
    friend class SubmitQueue;
    /// True: it was not queued, and is from now on. Who queues it and who runs it agree by this one step:
    /// what was done before a false is seen by the run that is still to come.
    bool beginQueued() noexcept { return !isQueued_.exchange(true, std::memory_order_acq_rel); }
    /// The keepAlive of one that is to run now; it may be queued again.
    std::shared_ptr<void> endQueued() noexcept {
        std::shared_ptr<void> keepAlive = std::move(keepAlive_);
        isQueued_.exchange(false, std::memory_order_acq_rel);
        return keepAlive;
    }

    std::atomic<bool> isQueued_{false};
    std::shared_ptr<void> keepAlive_;  // of what it is a member of; of whoever changed isQueued_
};

/// A Job that calls a function.
template <typename Work>
class JobOf final : public Job {
public:
    explicit JobOf(Work work) : work_(std::move(work)) {}
    void run() noexcept override { work_(); }

private:
    Work work_;
};

/// A Job that calls a function of what it is a member of.
template <typename Owner, void (Owner::*run_)() noexcept>
class OwnJob final : public Job {
public:
    explicit OwnJob(Owner& owner) noexcept : owner_(owner) {}
    void run() noexcept override { (owner_.*run_)(); }

private:
    Owner& owner_;
};

}  // namespace tempeh::core
