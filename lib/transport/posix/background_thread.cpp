#include "transport/background_thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <utility>

namespace tempeh::transport {

namespace {

/// While it lives, a thread started here inherits a mask that blocks the signals meant for the application.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t blocked;
        ::sigfillset(&blocked);
        // A blocked signal of these would end the process without calling the handler that should report it.
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
