#pragma once

#include <tempeh/core/asio.hpp>

#include <algorithm>

namespace tempeh::test {

/// When a process of a simulation was stopped last, as by SIGSTOP: what was due in that time happens when it
/// goes on.
class Stopped {
public:
    void stop(TimePoint now) noexcept {
        from_ = now;
        until_ = TimePoint::max();
    }
    void goOn(TimePoint now) noexcept { until_ = now; }

    /// When something that is due then comes at the latest.
    TimePoint latest(TimePoint due) const noexcept {
        return due >= from_ && due <= until_ ? std::max(due, until_) : due;
    }

private:
    TimePoint from_ = TimePoint::max();
    TimePoint until_ = TimePoint::min();
};

}  // namespace tempeh::test
