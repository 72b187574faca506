#include "transport/background_thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <utility>

namespace tempeh::transport {

namespace {

/// A thread started in its scope blocks the signals that are for the application.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t blocked;
        ::sigfillset(&blocked);
        // Blocked, the first ones would end the process without the handler that is to report them.
        for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF})
            ::sigdelset(&blocked, own);
        ::pthread_sigmask(SIG_SETMASK, &blocked, &previous_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t previous_;
};

}  // namespace

std::thread startBackgroundThread(std::function<void()> work) {
    const SignalsBlocked blocked;
    return std::thread(std::move(work));
}

}  // namespace tempeh::transport
