#pragma once

#include <tempeh/actors/system.hpp>

namespace tempeh::actors::detail {

/// Somebody who waits for a system's end. Made before the stop begins, so that nothing after that needs
/// memory.
class StopWaiter {
public:
    StopWaiter() = default;
    StopWaiter(const StopWaiter&) = delete;
    StopWaiter& operator=(const StopWaiter&) = delete;

    /// Once, on any thread. This object may be gone afterwards.
    virtual void onStopped(StopReport report) noexcept = 0;

    StopWaiter* next = nullptr;  ///< Among the system's.

protected:
    ~StopWaiter() = default;
};

}  // namespace tempeh::actors::detail
