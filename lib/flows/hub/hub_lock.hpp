#pragma once

#include <tempeh/base/detail/mutex.hpp>

#include <mutex>

namespace tempeh::flows::detail {

class Hub;

/// Stands for the lock of the hub that an object belongs to. The lock itself is inside Hub, and Clang's
/// analysis cannot tell that `peer.hub()` and `stream.peer().hub()` are the same hub. So everything that a
/// hub's lock guards names this instead. An object belongs to one hub for life, and no code holds the locks
/// of two hubs. Nothing of this exists at run time.
class TEMPEH_CAPABILITY("hub lock") HubCapability {};
inline constexpr HubCapability hubLocked;

/// Holds the lock of a hub from here to the end of the scope. Nothing of the application's may run meanwhile.
class TEMPEH_SCOPED_CAPABILITY HubLock {
public:
    explicit HubLock(Hub& hub) noexcept TEMPEH_ACQUIRE(hubLocked);
    ~HubLock() TEMPEH_RELEASE() { mutex_.unlock(); }
    HubLock(const HubLock&) = delete;
    HubLock& operator=(const HubLock&) = delete;

    /// Gives it back for a while; lock() comes before the end of the scope.
    void unlock() noexcept TEMPEH_RELEASE() { mutex_.unlock(); }
    void lock() noexcept TEMPEH_ACQUIRE() { mutex_.lock(); }

private:
    std::mutex& mutex_;
};

/// For code that has the objects of a hub to itself, such as a unit test without a hub.
inline void assertHubLocked() noexcept TEMPEH_ASSERT_CAPABILITY(hubLocked) {}

}  // namespace tempeh::flows::detail
