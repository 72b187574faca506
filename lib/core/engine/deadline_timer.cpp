#include "core/engine/deadline_timer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace tempeh::core {

/// True: the timer must be set to armedFor_.
bool DeadlineTimer::isArmingDue() noexcept {
    if (timer_ == nullptr) return false;
    const std::optional<TimePoint> next = deadlines_.next();
    if (!next) {
        if (armedFor_ != TimePoint::max()) timer_->cancel();
        armedFor_ = TimePoint::max();
        return false;
    }
    if (*next >= armedFor_) return false;
    armedFor_ = *next;
    return true;
}

void DeadlineTimer::runExpired() noexcept {
    const TimePoint now = clock_.now();
    // A deadline that was in the past when set is not late.
    const TimePoint due = std::max(std::exchange(armedFor_, TimePoint::max()), TimePoint());
    lateness_ = due == TimePoint() ? Duration::zero() : std::max(now - due, Duration::zero());
    if (lateness_ >= stoppedFor) runsSince_.store(now, std::memory_order_relaxed);
    deadlines_.runExpired(now);
    lateness_ = Duration::zero();
}

}  // namespace tempeh::core
