#include "flows/circuit/circuit_core.hpp"

#include <tempeh/flows/circuit_breaker.hpp>

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace tempeh::flows {

namespace {

class CircuitCategory final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "tempeh.circuit"; }
    std::string message(int /*value*/) const override { return "the circuit breaker makes no call"; }
};

constexpr CircuitCategory circuitErrors;

std::string inSeconds(Duration time) {
    return fmt::format("{:.3g} s", std::chrono::duration<double>(time).count());
}

std::string textOfRefusal(const machines::CircuitMachine& machine, TimePoint now, const std::string& cause) {
    const std::string age = inSeconds(now - machine.since());
    std::string text;
    if (machine.state() == CircuitState::HalfOpen)
        text = fmt::format("half-open for {}, and all probes are under way", age);
    else if (machine.until() == TimePoint::max())
        text = fmt::format("open for {}, until somebody closes it", age);
    else
        text = fmt::format("open for {}, tries again in {}", age, inSeconds(machine.until() - now));
    if (!cause.empty()) text += "; the last failure: " + cause;
    return text + "; look after the service, or call again later";
}

CircuitBreakerOptions inTimeOf(const Ampe& engine, CircuitBreakerOptions options) {
    if (!options.clock) options.clock = [&engine] { return engine.now(); };
    return options;
}

}  // namespace

const boost::system::error_category& circuitCategory() noexcept {
    return circuitErrors;
}

CircuitOpen::CircuitOpen(const machines::CircuitMachine& machine, TimePoint now, const std::string& cause)
    : Error(make_error_code(CircuitErrc::Open), textOfRefusal(machine, now, cause))
    , state_(machine.state())
    , since_(machine.since())
    , until_(machine.until()) {}

CircuitOpen::~CircuitOpen() = default;

CircuitPermit::CircuitPermit(std::shared_ptr<detail::CircuitCore> core, std::uint64_t period) noexcept
    : core_(std::move(core)), period_(period) {}
CircuitPermit::CircuitPermit(CircuitPermit&&) noexcept = default;

CircuitPermit& CircuitPermit::operator=(CircuitPermit&& other) noexcept {
    if (this == &other) return *this;
    abandon();
    core_ = std::move(other.core_);
    period_ = other.period_;
    return *this;
}

CircuitPermit::~CircuitPermit() {
    abandon();
}

void CircuitPermit::succeed() noexcept {
    if (const auto core = std::exchange(core_, nullptr)) core->onSuccess(period_);
}

void CircuitPermit::fail(std::string_view cause) noexcept {
    if (const auto core = std::exchange(core_, nullptr)) core->onFailure(period_, cause);
}

void CircuitPermit::fail(const std::exception_ptr& failure) noexcept {
    if (const auto core = std::exchange(core_, nullptr)) core->onException(period_, failure);
}

void CircuitPermit::abandon() noexcept {
    if (const auto core = std::exchange(core_, nullptr)) core->onAbandoned(period_);
}

CircuitBreaker::CircuitBreaker(CircuitBreakerOptions options)
    : core_(std::make_shared<detail::CircuitCore>(std::move(options))) {}

CircuitBreaker::CircuitBreaker(const Ampe& engine, CircuitBreakerOptions options)
    : CircuitBreaker(inTimeOf(engine, std::move(options))) {}

CircuitPermit CircuitBreaker::enter() const {
    return {core_, core_->enter()};
}

void CircuitBreaker::trip() const noexcept {
    core_->trip();
}

void CircuitBreaker::reset() const noexcept {
    core_->reset();
}

CircuitState CircuitBreaker::state() const noexcept {
    return core_->state();
}

CircuitCounters CircuitBreaker::counters() const noexcept {
    return core_->counters();
}

}  // namespace tempeh::flows
