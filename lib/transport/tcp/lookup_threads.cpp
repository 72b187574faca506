#include "transport/tcp/lookup_threads.hpp"

#include "transport/background_thread.hpp"

#include <tempeh/base/detail/mutex.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <utility>

namespace tempeh::transport {

struct LookupThreads::State {
    explicit State(std::size_t threads) : maxThreads(threads) {}

    const std::size_t maxThreads;
    base::Mutex mutex;
    std::deque<std::shared_ptr<LookupJob>> queue TEMPEH_GUARDED_BY(mutex);
    std::size_t running TEMPEH_GUARDED_BY(mutex) = 0;
};

LookupThreads::LookupThreads(std::size_t maxThreads) : state_(std::make_shared<State>(maxThreads)) {}

LookupThreads& LookupThreads::ofProcess() {
    // One thread per concurrent lookup, so that names whose servers are silent (usually for half a minute
    // each) delay no other. Each thread ends when it is idle. The limit is for a process that looks up
    // thousands of silent names.
    constexpr std::size_t maxThreads = 256;
    static auto* const threads = new LookupThreads(maxThreads);
    return *threads;
}

void LookupThreads::submit(std::shared_ptr<LookupJob> job) {
    {
        const base::MutexLock lock(state_->mutex);
        state_->queue.push_back(job);
        if (state_->running == state_->maxThreads) return;
        ++state_->running;
    }
    if (startThread(state_)) return;
    {
        const base::MutexLock lock(state_->mutex);
        --state_->running;
        if (state_->running > 0) return;  // another thread will take the job
        std::erase(state_->queue, job);
    }
    job->fail();
}

void LookupThreads::withdraw(const LookupJob* job) noexcept {
    std::shared_ptr<LookupJob> withdrawn;  // destroyed outside the lock
    const base::MutexLock lock(state_->mutex);
    const auto isJob = [&](const std::shared_ptr<LookupJob>& queued) { return queued.get() == job; };
    const auto found = std::find_if(state_->queue.begin(), state_->queue.end(), isJob);
    if (found == state_->queue.end()) return;
    withdrawn = std::move(*found);
    state_->queue.erase(found);
}

std::size_t LookupThreads::runningThreads() const {
    const base::MutexLock lock(state_->mutex);
    return state_->running;
}

std::size_t LookupThreads::queuedJobs() const {
    const base::MutexLock lock(state_->mutex);
    return state_->queue.size();
}

bool LookupThreads::startThread(const std::shared_ptr<State>& state) noexcept {
    try {
        startBackgroundThread([state] { work(*state); }).detach();
        return true;
    } catch (const std::exception&) {
        return false;
    }
}

void LookupThreads::work(State& state) noexcept {
    for (;;) {
        std::shared_ptr<LookupJob> job;
        {
            const base::MutexLock lock(state.mutex);
            if (state.queue.empty()) {
                --state.running;
                return;
            }
            job = std::move(state.queue.front());
            state.queue.pop_front();
        }
        job->run();
    }
}

}  // namespace tempeh::transport
