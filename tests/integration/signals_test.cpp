// Signals are for the application's threads: none of the engine's takes one.

#include "support/engine_fixture.hpp"

#include <signal.h>
#include <time.h>
#include <unistd.h>

namespace tempeh::test {
namespace {

volatile sig_atomic_t takenByAHandler = 0;

/// A handler for the signal, and this thread blocks it; as before when it goes.
class Blocked {
public:
    explicit Blocked(int signal) : signal_(signal) {
        struct sigaction action {};
        action.sa_handler = [](int) { takenByAHandler = 1; };
        ::sigaction(signal_, &action, &before_);
        ::sigemptyset(&set_);
        ::sigaddset(&set_, signal_);
        ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    }
    ~Blocked() {
        ::pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
        ::sigaction(signal_, &before_, nullptr);
    }
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;

    /// As an application's sigwait().
    bool comes() const {
        const timespec limit{.tv_sec = 5, .tv_nsec = 0};
        return ::sigtimedwait(&set_, nullptr, &limit) == signal_;
    }

private:
    const int signal_;
    sigset_t set_{};
    struct sigaction before_ {};
};

/// The application may block it after it has made the engine.
TEST(Signals, ABlockedOneWaitsForTheApplication) {
    Link link;
    for (const int signal : {SIGTERM, SIGUSR1, SIGCHLD}) {
        takenByAHandler = 0;
        const Blocked blocked(signal);
        ::kill(::getpid(), signal);
        // The engines' threads have been through the kernel after this, where they would have taken it.
        link.client->post(OpCode::Request, link.atClient);
        link.server->next(OpCode::Request);
        EXPECT_TRUE(blocked.comes()) << signal;
        EXPECT_EQ(takenByAHandler, 0) << signal;
    }
}

/// What a handler must report at once, and what profilers count with, still reaches the engine's thread.
TEST(Signals, FaultsAndProfilersReachTheEnginesThread) {
    Reactor reactor;
    std::promise<sigset_t> mask;
    asio::post(reactor.executor(), [&mask] {
        sigset_t blocked;
        ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
        mask.set_value(blocked);
    });
    const sigset_t blocked = mask.get_future().get();
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPROF})
        EXPECT_EQ(::sigismember(&blocked, signal), 0) << signal;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE})
        EXPECT_EQ(::sigismember(&blocked, signal), 1) << signal;
}

}  // namespace
}  // namespace tempeh::test
