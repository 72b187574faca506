#pragma once

#include <cstddef>
#include <memory>

namespace tempeh::transport {

/// A blocking lookup for LookupThreads.
class LookupJob {
public:
    virtual ~LookupJob() = default;
    /// On a helper thread, with every signal blocked.
    virtual void run() noexcept = 0;
    /// No thread could be started for it; called by submit().
    virtual void fail() noexcept = 0;
};

/// Runs blocking lookups on short-lived detached threads, one for each that is under way, at most
/// `maxThreads`; in order of submission. Nobody ever waits for these threads: not the caller, not a
/// destructor, not the end of the process. (Asio's resolver joins its thread in the io_context's destructor,
/// for as long as a name server stays silent.) Any thread.
class LookupThreads {
public:
    explicit LookupThreads(std::size_t maxThreads);

    /// Shared by every engine of the process; never destroyed, as lookups may outlive main().
    static LookupThreads& ofProcess();

    /// Starts the job, or queues it while all threads are busy.
    void submit(std::shared_ptr<LookupJob> job);
    /// Takes a job that has not started back out of the queue.
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
