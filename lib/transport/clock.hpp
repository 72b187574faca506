#pragma once

#include <chrono>

namespace tempeh::transport {

/// What time it is for an engine: the system's steady time, or one that a simulation moves by hand. Not an
/// interface: a virtual call more would be paid by every receive with a timeout.
class Clock {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// The system's. Any thread.
    Clock() noexcept = default;
    /// What `moment` says, which outlives every copy; the thread that moves it only.
    explicit Clock(const TimePoint& moment) noexcept : moment_(&moment) {}

    TimePoint now() const noexcept {
        return moment_ == nullptr ? std::chrono::steady_clock::now() : *moment_;
    }
    bool isVirtual() const noexcept { return moment_ != nullptr; }

private:
    const TimePoint* moment_ = nullptr;
};

}  // namespace tempeh::transport
