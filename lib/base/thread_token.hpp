#pragma once

namespace tempeh::base {

namespace detail {
inline thread_local constinit const void* threadToken = nullptr;
}

/// The engine this thread is working for at the moment, or null. One thread-local read.
inline const void* currentThreadToken() noexcept {
    return detail::threadToken;
}

/// Marks the thread as working for `token` for the lifetime of this object. Scopes nest.
class ThreadTokenScope {
public:
    explicit ThreadTokenScope(const void* token) noexcept : previous_(detail::threadToken) {
        detail::threadToken = token;
    }
    ~ThreadTokenScope() { detail::threadToken = previous_; }
    ThreadTokenScope(const ThreadTokenScope&) = delete;
    ThreadTokenScope& operator=(const ThreadTokenScope&) = delete;

private:
    const void* previous_;
};

}  // namespace tempeh::base
