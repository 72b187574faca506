#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/flows/circuit_breaker.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace tempeh::flows::detail {

/// The state that the copies of a CircuitBreaker and its permits share: a machine, a lock and a clock.
class CircuitCore {
public:
    explicit CircuitCore(CircuitBreakerOptions options);

    /// The period to give back with the outcome. Throws CircuitOpen.
    std::uint64_t enter() TEMPEH_EXCLUDES(mutex_);
    void onSuccess(std::uint64_t period) noexcept TEMPEH_EXCLUDES(mutex_);
    void onFailure(std::uint64_t period, std::string_view cause) noexcept TEMPEH_EXCLUDES(mutex_);
    void onAbandoned(std::uint64_t period) noexcept TEMPEH_EXCLUDES(mutex_);
    /// As one of the three.
    void onException(std::uint64_t period, const std::exception_ptr& failure) noexcept;
    void trip() noexcept TEMPEH_EXCLUDES(mutex_);
    void reset() noexcept TEMPEH_EXCLUDES(mutex_);

    CircuitState state() noexcept TEMPEH_EXCLUDES(mutex_);
    CircuitCounters counters() noexcept TEMPEH_EXCLUDES(mutex_);

private:
    /// Lets the machine have an event, and counts and tells the change that it causes.
    template <typename Event>
    void step(Event event, std::string_view cause) noexcept TEMPEH_EXCLUDES(mutex_);
    /// True: there is something to tell.
    bool note(CircuitState from, TimePoint at, std::string_view cause) noexcept TEMPEH_REQUIRES(mutex_);
    void tell() noexcept TEMPEH_EXCLUDES(mutex_);

    const CircuitBreakerOptions options_;
    base::Mutex mutex_;
    machines::CircuitMachine machine_ TEMPEH_GUARDED_BY(mutex_);
    CircuitCounters counters_ TEMPEH_GUARDED_BY(mutex_);
    std::string cause_ TEMPEH_GUARDED_BY(mutex_);  // of being open
    std::vector<CircuitChange> untold_ TEMPEH_GUARDED_BY(mutex_);
    bool isTelling_ TEMPEH_GUARDED_BY(mutex_) = false;  // a thread is at it, and will take what comes
};

}  // namespace tempeh::flows::detail
