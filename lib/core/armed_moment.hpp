#pragma once

#include <tempeh/core/asio.hpp>

#include <atomic>

namespace tempeh::core {

/// The moment at which something will be looked at again, whoever asked for it: it only comes nearer, until
/// it has come. Several threads may bring it nearer at once, and the nearest wins, however long one of them
/// is kept from running in the middle.
class ArmedMoment {
public:
    /// True: nobody had asked for one as early, the caller sees to it that somebody looks at get().
    bool bringForward(TimePoint when) noexcept {
        TimePoint armed = when_.load();
        while (when < armed)
            if (when_.compare_exchange_weak(armed, when)) return true;
        return false;
    }
    /// TimePoint::max(): none.
    TimePoint get() const noexcept { return when_.load(); }
    /// It has come, and what was to be looked at is looked at after this.
    void clear() noexcept { when_.store(TimePoint::max()); }

private:
    std::atomic<TimePoint> when_{TimePoint::max()};
};

}  // namespace tempeh::core
