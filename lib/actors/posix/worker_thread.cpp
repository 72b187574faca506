#include "actors/worker_thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <utility>

namespace tempeh::actors::detail {

std::thread startWorkerThread(std::function<void()> work) {
    sigset_t blocked;
    sigset_t previous;
    ::sigfillset(&blocked);
    // A blocked signal of these would end the process without calling the handler that should report it.
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGPROF})
        ::sigdelset(&blocked, own);
    ::pthread_sigmask(SIG_SETMASK, &blocked, &previous);
    struct Restore {
        const sigset_t& mask;
        ~Restore() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
    };
    const Restore restore{previous};
    return std::thread(std::move(work));
}

}  // namespace tempeh::actors::detail
