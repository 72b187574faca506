#pragma once

#include <cstddef>
#include <memory>

namespace tempeh::transport {

/// A blocking lookup that LookupThreads runs.
class LookupJob {
public:
    virtual ~LookupJob() = default;
    /// Called on a helper thread with all signals blocked.
    virtual void run() noexcept = 0;
    /// Called by submit() when it could not start a thread for the job.
    virtual void fail() noexcept = 0;
};

/// Runs blocking lookups on short-lived detached threads, one per lookup in progress, at most `maxThreads`,
/// in order of submission. Nothing waits for these threads: neither the caller, nor a destructor, nor the end
/// of the process. (Asio's resolver joins its thread in the io_context's destructor, which takes as long as a
/// name server stays silent.) Any thread.
class LookupThreads {
public:
    explicit LookupThreads(std::size_t maxThreads);

    /// Shared by all engines of the process. Never destroyed, as lookups may outlive main().
    static LookupThreads& ofProcess();

    /// Starts the job, or queues it while all threads are busy.
    void submit(std::shared_ptr<LookupJob> job);
    /// Removes a job that has not started from the queue.
    void withdraw(const LookupJob* job) noexcept;

    std::size_t runningThreads() const;
    std::size_t queuedJobs() const;

private:
    struct State;
    static bool startThread(const std::shared_ptr<State>& state) noexcept;
    static void work(State& state) noexcept;

    std::shared_ptr<State> state_;
};

}  // namespace tempeh::transport
