#include "transport/tcp/lookup_threads.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <signal.h>
#include <thread>
#include <vector>

namespace tempeh::transport {
namespace {

/// Runs until it is let go.
class GatedJob final : public LookupJob {
public:
    explicit GatedJob(std::shared_future<void> gate, std::atomic<int>& ran)
        : gate_(std::move(gate)), ran_(ran) {}
    void run() noexcept override {
        started.set_value();
        gate_.wait();
        ++ran_;
    }
    void fail() noexcept override { ADD_FAILURE() << "no thread"; }

    std::promise<void> started;

private:
    std::shared_future<void> gate_;
    std::atomic<int>& ran_;
};

class LookupThreadsTest : public ::testing::Test {
protected:
    std::shared_ptr<GatedJob> submitJob() {
        auto job = std::make_shared<GatedJob>(gate_, ran_);
        threads_.submit(job);
        return job;
    }
    void letAllGo() {
        opener_.set_value();
        while (threads_.runningThreads() > 0)
            std::this_thread::yield();
    }

    LookupThreads threads_{2};
    std::promise<void> opener_;
    std::shared_future<void> gate_ = opener_.get_future().share();
    std::atomic<int> ran_{0};
};

TEST_F(LookupThreadsTest, RunsNoMoreThanItsLimitAtATime) {
    std::vector<std::shared_ptr<GatedJob>> jobs;
    for (int i = 0; i < 5; ++i)
        jobs.push_back(submitJob());
    jobs[0]->started.get_future().wait();
    jobs[1]->started.get_future().wait();
    EXPECT_EQ(threads_.runningThreads(), 2u);
    EXPECT_EQ(threads_.queuedJobs(), 3u);
    letAllGo();
    EXPECT_EQ(ran_, 5);
    EXPECT_EQ(threads_.queuedJobs(), 0u);
}

TEST_F(LookupThreadsTest, AWithdrawnJobNeverRuns) {
    std::vector<std::shared_ptr<GatedJob>> jobs;
    for (int i = 0; i < 4; ++i)
        jobs.push_back(submitJob());
    jobs[0]->started.get_future().wait();
    jobs[1]->started.get_future().wait();
    threads_.withdraw(jobs[2].get());
    threads_.withdraw(jobs[2].get());  // not there any more
    EXPECT_EQ(jobs[2].use_count(), 1);
    letAllGo();
    EXPECT_EQ(ran_, 3);
}

TEST_F(LookupThreadsTest, StartsAgainAfterItsThreadsEnded) {
    submitJob();
    letAllGo();
    submitJob()->started.get_future().wait();
    while (threads_.runningThreads() > 0)
        std::this_thread::yield();
    EXPECT_EQ(ran_, 2);
}

TEST_F(LookupThreadsTest, ItsThreadsTakeNoSignals) {
    struct MaskJob final : LookupJob {
        void run() noexcept override {
            sigset_t mask;
            ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
            blocked.set_value(::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGINT) == 1);
        }
        void fail() noexcept override { blocked.set_value(false); }
        std::promise<bool> blocked;
    };
    const auto job = std::make_shared<MaskJob>();
    threads_.submit(job);
    EXPECT_TRUE(job->blocked.get_future().get());
    sigset_t mine;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mine);
    EXPECT_EQ(::sigismember(&mine, SIGTERM), 0);
}

}  // namespace
}  // namespace tempeh::transport
