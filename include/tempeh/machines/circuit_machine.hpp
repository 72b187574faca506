#pragma once

#include <tempeh/base/duration.hpp>
#include <tempeh/base/export.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tempeh::machines {

/// Whether calls go through. Closed: all of them. Open: none. HalfOpen: a few at a time, as probes.
enum class CircuitState : std::uint8_t { Closed, Open, HalfOpen };

/// The enumerator's name, for example "HalfOpen"; "unknown" for any other value.
TEMPEH_EXPORT std::string_view nameOf(CircuitState state) noexcept;

/// When a CircuitMachine changes its state. A threshold of 0 counts as 1.
struct CircuitLimits {
    std::size_t failureThreshold = 5;                    ///< Failures in a row that open it.
    Timeout recoveryTimeout = std::chrono::seconds(30);  ///< How long it is open before the first probe.
    std::size_t successThreshold = 3;                    ///< Successes of probes, in a row, that close it.
    std::size_t halfOpenProbes = 1;                      ///< Probes at a time.
};

/// Decides what a circuit breaker does. It has no clock, lock or socket: times come in, decisions go out.
/// flows::CircuitBreaker is the same for threads and coroutines.
///
/// Only what began in the present state counts. A call that was let through before the machine opened and
/// ends after it says nothing about the service of now. One thread at a time. Nothing throws or allocates.
class TEMPEH_EXPORT CircuitMachine {
public:
    /// Whether a call may go through.
    struct Admission {
        /// Whether the call may be made.
        bool isAdmitted = false;
        std::uint64_t period = 0;  ///< To give back when the call ends.
    };

    /// Closed.
    explicit CircuitMachine(const CircuitLimits& limits = {}) noexcept;

    /// Somebody wants to make a call. Half-opens an open machine whose time has come. What is admitted must
    /// end in exactly one of onSuccess(), onFailure() and onAbandoned().
    Admission onCall(TimePoint now) noexcept;
    /// An admitted call succeeded.
    void onSuccess(std::uint64_t period, TimePoint now) noexcept;
    /// An admitted call failed.
    void onFailure(std::uint64_t period, TimePoint now) noexcept;
    /// An admitted call was given up, which says nothing about the service. It frees its place.
    void onAbandoned(std::uint64_t period) noexcept;

    /// Opens, whatever the state, for `recoveryTimeout` from now.
    void trip(TimePoint now) noexcept;
    /// Closes, whatever the state.
    void reset(TimePoint now) noexcept;

    /// As the last event left it.
    CircuitState state() const noexcept { return state_; }
    /// The number of changes so far.
    std::uint64_t period() const noexcept { return period_; }
    /// When the present state began. TimePoint::min() while it has never changed.
    TimePoint since() const noexcept { return since_; }
    /// When an open machine lets the first probe through; since() in the other states.
    TimePoint until() const noexcept;
    /// Failures in a row: up to now, or that opened it.
    std::size_t failures() const noexcept { return failures_; }

private:
    void enter(CircuitState state, TimePoint now) noexcept;

    CircuitLimits limits_;
    CircuitState state_ = CircuitState::Closed;
    std::uint64_t period_ = 0;
    TimePoint since_ = TimePoint::min();
    std::size_t failures_ = 0;
    std::size_t successes_ = 0;  // of probes
    std::size_t probes_ = 0;     // under way
};

}  // namespace tempeh::machines
