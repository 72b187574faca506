#include "flows/hub/thread_sleeper.hpp"

#include <utility>

namespace tempeh::flows::detail {

namespace {

/// Set for good when the thread's spare is gone: other objects of the thread may still sleep after that.
thread_local constinit bool isSpareGone = false;

}  // namespace

/// One that the thread does not sleep on at the moment.
struct ThreadSleeper::Spare {
    ~Spare() { isSpareGone = true; }

    static BedPtr take() {
        if (!isSpareGone && spare.bed_ != nullptr) return std::move(spare.bed_);
        return BedPtr(new Bed);
    }
    static void give(BedPtr bed) noexcept {
        if (!isSpareGone) spare.bed_ = std::move(bed);
    }

private:
    static thread_local Spare spare;
    BedPtr bed_;
};

thread_local ThreadSleeper::Spare ThreadSleeper::Spare::spare;

ThreadSleeper::ThreadSleeper() : bed_(Spare::take()) {}

ThreadSleeper::~ThreadSleeper() {
    Spare::give(bed_);
}

void ThreadSleeper::wake(bool /*isHere*/, ContextLife* /*entered*/) noexcept {
    const BedPtr bed = bed_;  // this object is gone as soon as the thread sees that it is awake
    {
        const base::MutexLock lock(bed->mutex);
        bed->isAwake = true;
    }
    bed->wakened.notify_one();
}

void ThreadSleeper::sleep(Hub& hub, Wait& wait, TimePoint deadline) {
    hub.begin(wait, *this, deadline == TimePoint::min() ? deadline : TimePoint::max());
    sleepUntilAwake(*bed_, hub, wait, deadline);
    hub.settle(wait);
}

void ThreadSleeper::sleepUntilAwake(Bed& bed, Hub& hub, Wait& wait, TimePoint deadline) noexcept {
    base::WaitableLock lock(bed.mutex);
    const auto isAwake = [&bed]() TEMPEH_REQUIRES(bed.mutex) { return bed.isAwake; };
    if (deadline == TimePoint::min()) {  // woken already, or about to be
        lock.wait(bed.wakened, isAwake);
    } else if (!lock.waitUntil(bed.wakened, deadline, isAwake)) {
        lock.unlock();
        const bool isMine = hub.expire(wait);
        lock.lock();
        if (!isMine) lock.wait(bed.wakened, isAwake);
    }
    bed.isAwake = false;  // for the next time
}

}  // namespace tempeh::flows::detail
