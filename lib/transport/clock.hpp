#pragma once

#include <chrono>

namespace tempeh::transport {

/// The time of an engine: the system's steady clock, or a time point that a simulation advances. Not an
/// interface, because every receive with a timeout would pay for one more virtual call.
class Clock {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    /// The system's steady clock. Any thread.
    Clock() noexcept = default;
    /// Reads `moment`, which must outlive every copy; only on the thread that advances it.
    explicit Clock(const TimePoint& moment) noexcept : moment_(&moment) {}

    TimePoint now() const noexcept {
        return moment_ == nullptr ? std::chrono::steady_clock::now() : *moment_;
    }
    bool isVirtual() const noexcept { return moment_ != nullptr; }

private:
    const TimePoint* moment_ = nullptr;
};

}  // namespace tempeh::transport
