#pragma once

#include <tempeh/base/duration.hpp>

#include <condition_variable>
#include <mutex>
#include <utility>

// With -Wthread-safety, Clang checks that what a lock guards is accessed only while the lock is held. For
// other compilers these macros are empty. libstdc++ does not annotate the standard mutexes, hence Mutex
// below.
#if defined(__clang__)
#define TEMPEH_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define TEMPEH_THREAD_SAFETY(attribute)
#endif

/// A type that is a lock.
#define TEMPEH_CAPABILITY(name) TEMPEH_THREAD_SAFETY(capability(name))
/// A type that holds a lock from its constructor to its destructor.
#define TEMPEH_SCOPED_CAPABILITY TEMPEH_THREAD_SAFETY(scoped_lockable)
/// A member that is read and written only while the lock is held.
#define TEMPEH_GUARDED_BY(mutex) TEMPEH_THREAD_SAFETY(guarded_by(mutex))
/// A function that must be called with the lock held.
#define TEMPEH_REQUIRES(...) TEMPEH_THREAD_SAFETY(requires_capability(__VA_ARGS__))
/// A function that takes the lock itself and must be called without it.
#define TEMPEH_EXCLUDES(...) TEMPEH_THREAD_SAFETY(locks_excluded(__VA_ARGS__))
/// A function that takes the lock and returns with it.
#define TEMPEH_ACQUIRE(...) TEMPEH_THREAD_SAFETY(acquire_capability(__VA_ARGS__))
/// A function that releases the lock.
#define TEMPEH_RELEASE(...) TEMPEH_THREAD_SAFETY(release_capability(__VA_ARGS__))
/// A function that does nothing but tell the analysis that the lock is held, where the analysis cannot see
/// it.
#define TEMPEH_ASSERT_CAPABILITY(...) TEMPEH_THREAD_SAFETY(assert_capability(__VA_ARGS__))

namespace tempeh::base {

/// A std::mutex that Clang's analysis knows. Costs the same.
class TEMPEH_CAPABILITY("mutex") Mutex {
public:
    Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() TEMPEH_ACQUIRE() { mutex_.lock(); }
    void unlock() TEMPEH_RELEASE() { mutex_.unlock(); }

private:
    friend class WaitableLock;
    std::mutex mutex_;
};

/// Holds the mutex until the end of the scope.
class TEMPEH_SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Mutex& mutex) TEMPEH_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() TEMPEH_RELEASE() { mutex_.unlock(); }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

private:
    Mutex& mutex_;
};

/// A MutexLock that can be released and taken again, and that waits for a condition. The condition is called
/// with the mutex held: a lambda that reads what the mutex guards says TEMPEH_REQUIRES(mutex).
class TEMPEH_SCOPED_CAPABILITY WaitableLock {
public:
    explicit WaitableLock(Mutex& mutex) TEMPEH_ACQUIRE(mutex) : lock_(mutex.mutex_) {}
    ~WaitableLock() TEMPEH_RELEASE() = default;
    WaitableLock(const WaitableLock&) = delete;
    WaitableLock& operator=(const WaitableLock&) = delete;

    void lock() TEMPEH_ACQUIRE() { lock_.lock(); }
    void unlock() TEMPEH_RELEASE() { lock_.unlock(); }

    /// Releases the mutex during the wait and holds it again afterwards. So do the other waits.
    void wait(std::condition_variable& changed) { changed.wait(lock_); }
    template <typename Condition>
    void wait(std::condition_variable& changed, Condition condition) {
        changed.wait(lock_, std::move(condition));
    }
    /// False: `until` passed and the condition does not hold. TimePoint::max() means no limit and is a wait
    /// of its own, because the far end of the clock overflows in wait_until().
    template <typename Condition>
    bool waitUntil(std::condition_variable& changed, TimePoint until, Condition condition) {
        if (until != TimePoint::max()) return changed.wait_until(lock_, until, std::move(condition));
        changed.wait(lock_, std::move(condition));
        return true;
    }
    template <typename Length, typename Condition>
    bool waitFor(std::condition_variable& changed, const Length& length, Condition condition) {
        return changed.wait_for(lock_, length, std::move(condition));
    }

private:
    std::unique_lock<std::mutex> lock_;
};

}  // namespace tempeh::base
