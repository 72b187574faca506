#include "flows/circuit/circuit_core.hpp"

#include "flows/options_check.hpp"

#include <boost/asio/error.hpp>

#include <chrono>
#include <utility>

namespace tempeh::flows::detail {

namespace {

/// More changes than ever wait to be told, so that telling needs no memory.
constexpr std::size_t usualChanges = 8;

CircuitBreakerOptions withClock(CircuitBreakerOptions options) {
    check(options);
    if (!options.clock) options.clock = [] { return std::chrono::steady_clock::now(); };
    return options;
}

machines::CircuitLimits limitsOf(const CircuitBreakerOptions& options) noexcept {
    return {.failureThreshold = options.failureThreshold,
            .recoveryTimeout = options.recoveryTimeout,
            .successThreshold = options.successThreshold,
            .halfOpenProbes = options.halfOpenProbes};
}

}  // namespace

CircuitCore::CircuitCore(CircuitBreakerOptions options)
    : options_(withClock(std::move(options))), machine_(limitsOf(options_)) {
    untold_.reserve(usualChanges);
}

std::uint64_t CircuitCore::enter() {
    const TimePoint at = options_.clock();
    machines::CircuitMachine::Admission admission;
    bool hasChanged = false;
    {
        const base::MutexLock lock(mutex_);
        const CircuitState from = machine_.state();
        admission = machine_.onCall(at);
        if (!admission.isAdmitted) {
            ++counters_.refused;
            throw CircuitOpen(machine_, at, cause_);
        }
        hasChanged = note(from, at, {});
    }
    if (hasChanged) tell();
    return admission.period;
}

template <typename Event>
void CircuitCore::step(Event event, std::string_view cause) noexcept {
    const TimePoint at = options_.clock();
    bool hasChanged = false;
    {
        const base::MutexLock lock(mutex_);
        const CircuitState from = machine_.state();
        event(machine_, counters_, at);
        hasChanged = note(from, at, cause);
    }
    if (hasChanged) tell();
}

void CircuitCore::onSuccess(std::uint64_t period) noexcept {
    const auto event = [period](machines::CircuitMachine& machine, CircuitCounters& counters, TimePoint at) {
        machine.onSuccess(period, at);
        ++counters.succeeded;
    };
    step(event, {});
}

void CircuitCore::onFailure(std::uint64_t period, std::string_view cause) noexcept {
    const auto event = [period](machines::CircuitMachine& machine, CircuitCounters& counters, TimePoint at) {
        machine.onFailure(period, at);
        ++counters.failed;
    };
    step(event, cause);
}

void CircuitCore::onAbandoned(std::uint64_t period) noexcept {
    const base::MutexLock lock(mutex_);
    machine_.onAbandoned(period);
    ++counters_.abandoned;
}

void CircuitCore::onException(std::uint64_t period, const std::exception_ptr& failure) noexcept {
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) return onAbandoned(period);
        if (options_.isFailure && !options_.isFailure(failure)) return onSuccess(period);
        onFailure(period, error.what());
    } catch (const std::exception& error) {
        if (options_.isFailure && !options_.isFailure(failure)) return onSuccess(period);
        onFailure(period, error.what());
    } catch (...) {
        if (options_.isFailure && !options_.isFailure(failure)) return onSuccess(period);
        onFailure(period, "an exception that is not a std::exception");
    }
}

void CircuitCore::trip() noexcept {
    const auto event = [](machines::CircuitMachine& machine, CircuitCounters&, TimePoint at) {
        machine.trip(at);
    };
    step(event, "opened by trip()");
}

void CircuitCore::reset() noexcept {
    const auto event = [](machines::CircuitMachine& machine, CircuitCounters&, TimePoint at) {
        machine.reset(at);
    };
    step(event, {});
}

bool CircuitCore::note(CircuitState from, TimePoint at, std::string_view cause) noexcept {
    const CircuitState to = machine_.state();
    if (from == to) return false;
    if (to == CircuitState::Open) ++counters_.opened;
    try {
        if (to == CircuitState::Open) cause_ = cause;
        if (options_.onChange) {
            untold_.push_back({.from = from, .to = to, .at = at});
            if (to == CircuitState::Open) untold_.back().cause = cause;
        }
    } catch (...) {  // no memory for the cause: told without it
    }
    return !untold_.empty();
}

void CircuitCore::tell() noexcept {
    for (;;) {
        CircuitChange change;
        {
            const base::MutexLock lock(mutex_);
            if (isTelling_ || untold_.empty()) return;
            isTelling_ = true;
            change = std::move(untold_.front());
            untold_.erase(untold_.begin());
        }
        try {
            options_.onChange(change);
        } catch (...) {  // the hook's own business
        }
        const base::MutexLock lock(mutex_);
        isTelling_ = false;
    }
}

CircuitState CircuitCore::state() noexcept {
    const base::MutexLock lock(mutex_);
    return machine_.state();
}

CircuitCounters CircuitCore::counters() noexcept {
    const base::MutexLock lock(mutex_);
    return counters_;
}

}  // namespace tempeh::flows::detail
