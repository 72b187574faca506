#include <tempeh/machines/circuit_machine.hpp>

#include <algorithm>

namespace tempeh::machines {

std::string_view nameOf(CircuitState state) noexcept {
    switch (state) {
        case CircuitState::Closed:
            return "Closed";
        case CircuitState::Open:
            return "Open";
        case CircuitState::HalfOpen:
            return "HalfOpen";
    }
    return "unknown";
}

CircuitMachine::CircuitMachine(const CircuitLimits& limits) noexcept : limits_(limits) {
    for (std::size_t* count : {&limits_.failureThreshold, &limits_.successThreshold, &limits_.halfOpenProbes})
        *count = std::max<std::size_t>(*count, 1);
}

CircuitMachine::Admission CircuitMachine::onCall(TimePoint now) noexcept {
    if (state_ == CircuitState::Open && now >= until()) enter(CircuitState::HalfOpen, now);
    bool isAdmitted = state_ == CircuitState::Closed;
    if (state_ == CircuitState::HalfOpen && probes_ < limits_.halfOpenProbes) {
        ++probes_;
        isAdmitted = true;
    }
    return {.isAdmitted = isAdmitted, .period = period_};
}

void CircuitMachine::onSuccess(std::uint64_t period, TimePoint now) noexcept {
    if (period != period_) return;
    if (state_ == CircuitState::Closed) {
        failures_ = 0;
        return;
    }
    --probes_;
    if (++successes_ >= limits_.successThreshold) enter(CircuitState::Closed, now);
}

void CircuitMachine::onFailure(std::uint64_t period, TimePoint now) noexcept {
    if (period != period_) return;
    ++failures_;
    if (state_ == CircuitState::HalfOpen || failures_ >= limits_.failureThreshold)
        enter(CircuitState::Open, now);
}

void CircuitMachine::onAbandoned(std::uint64_t period) noexcept {
    if (period == period_ && state_ == CircuitState::HalfOpen) --probes_;
}

void CircuitMachine::trip(TimePoint now) noexcept {
    enter(CircuitState::Open, now);
}

void CircuitMachine::reset(TimePoint now) noexcept {
    if (state_ == CircuitState::Closed)
        failures_ = 0;
    else
        enter(CircuitState::Closed, now);
}

TimePoint CircuitMachine::until() const noexcept {
    return state_ == CircuitState::Open ? timeAfter(since_, limits_.recoveryTimeout) : since_;
}

void CircuitMachine::enter(CircuitState state, TimePoint now) noexcept {
    state_ = state;
    ++period_;
    since_ = now;
    successes_ = 0;
    probes_ = 0;
    if (state == CircuitState::Closed) failures_ = 0;
}

}  // namespace tempeh::machines
