#include "transport/background_thread.hpp"

#include <pthread.h>
#include <signal.h>
#include <thread>
#include <utility>

namespace tempeh::transport {

namespace {

/// A thread started in its scope blocks every signal.
class SignalsBlocked {
public:
    SignalsBlocked() noexcept {
        sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &previous_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    sigset_t previous_;
};

}  // namespace

void startInBackground(std::function<void()> work) {
    const SignalsBlocked blocked;
    std::thread(std::move(work)).detach();
}

}  // namespace tempeh::transport
