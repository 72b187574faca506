#pragma once

#include "sockets.hpp"

#include <cstdint>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

namespace bench {

/// Until then, as nowNs() counts; not at all if that is past.
inline void sleepUntil(std::uint64_t ns) {
    const timespec until{static_cast<time_t>(ns / 1'000'000'000U), static_cast<long>(ns % 1'000'000'000U)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

/// A descriptor that becomes readable when a message of the open workload is due.
class DueTimer {
public:
    DueTimer() : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
        if (fd_ < 0) throwErrno("timerfd_create");
    }
    ~DueTimer() { ::close(fd_); }
    DueTimer(const DueTimer&) = delete;
    DueTimer& operator=(const DueTimer&) = delete;

    int fd() const { return fd_; }
    /// `ns` as nowNs() counts; clears what fired before. ~0: never.
    void arm(std::uint64_t ns) {
        itimerspec when{};
        if (ns != ~0ULL) {
            when.it_value.tv_sec = static_cast<time_t>(ns / 1'000'000'000U);
            when.it_value.tv_nsec = static_cast<long>(ns % 1'000'000'000U);
        }
        if (timerfd_settime(fd_, TFD_TIMER_ABSTIME, &when, nullptr) != 0) throwErrno("timerfd_settime");
    }

private:
    int fd_;
};

}  // namespace bench
