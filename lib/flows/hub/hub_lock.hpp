#pragma once

#include <tempeh/base/detail/mutex.hpp>

#include <mutex>

namespace tempeh::flows::detail {

class Hub;

/// Stands for the lock of the hub that an object belongs to. The lock itself is inside Hub, and Clang's
/// analysis cannot tell that `peer.hub()` and `stream.peer().hub()` are the same hub. So everything that a
/// hub's lock guards names this constant instead. An object belongs to one hub for life, and no code holds
/// the locks of two hubs. The constant does not exist at run time.
class TEMPEH_CAPABILITY("hub lock") HubCapability {};
inline constexpr HubCapability hubLocked;

/// Holds the lock of a hub until the end of the scope. No code of the application's may run meanwhile.
class TEMPEH_SCOPED_CAPABILITY HubLock {
public:
    explicit HubLock(Hub& hub) noexcept TEMPEH_ACQUIRE(hubLocked);
    ~HubLock() TEMPEH_RELEASE() { mutex_.unlock(); }
    HubLock(const HubLock&) = delete;
    HubLock& operator=(const HubLock&) = delete;

    /// Releases the lock for a while; call lock() before the end of the scope.
    void unlock() noexcept TEMPEH_RELEASE() { mutex_.unlock(); }
    void lock() noexcept TEMPEH_ACQUIRE() { mutex_.lock(); }

private:
    std::mutex& mutex_;
};

/// For code that has a hub's objects to itself, such as a unit test without a hub.
inline void assertHubLocked() noexcept TEMPEH_ASSERT_CAPABILITY(hubLocked) {}

}  // namespace tempeh::flows::detail
