#include "message/option_check.hpp"
#include "testing/simulation.hpp"

#include <tempeh/testing/simulated_network.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

namespace tempeh::testing {

namespace {

using tempeh::detail::requireCount;
using tempeh::detail::requireNumber;
using tempeh::detail::requireOption;
using tempeh::detail::requireTime;

void check(const SimulationOptions& options) {
    requireTime(options.minLatency, "SimulationOptions::minLatency");
    requireTime(options.maxLatency, "SimulationOptions::maxLatency");
    requireTime(options.tick, "SimulationOptions::tick");
    requireTime(options.maxStall, "SimulationOptions::maxStall");
    requireCount(options.minBufferBytes, 1, SIZE_MAX, "SimulationOptions::minBufferBytes", "1 or more");
    requireCount(options.maxBufferBytes, 1, SIZE_MAX, "SimulationOptions::maxBufferBytes", "1 or more");
    requireOption(options.maxSteps >= 1, "SimulationOptions::maxSteps", std::to_string(options.maxSteps),
                  "1 or more");
    const std::pair<std::string_view, double> probabilities[] = {
        {"SimulationOptions::shortWrites", options.shortWrites},
        {"SimulationOptions::shortReads", options.shortReads},
        {"SimulationOptions::blockedWrites", options.blockedWrites},
        {"SimulationOptions::stalls", options.stalls},
        {"SimulationOptions::resets", options.resets},
        {"SimulationOptions::halfOpens", options.halfOpens},
        {"SimulationOptions::refusals", options.refusals},
        {"SimulationOptions::blackHoles", options.blackHoles},
        {"SimulationOptions::acceptFailures", options.acceptFailures}};
    for (const auto& [field, probability] : probabilities)
        requireNumber(probability, 0, 1, field, "0 to 1");
}

SimulationOptions seeded(SimulationOptions options) {
    check(options);
    options.minLatency = std::min(options.minLatency, options.maxLatency);
    options.minBufferBytes = std::min(options.minBufferBytes, options.maxBufferBytes);
    if (options.seed != 0) return options;
    const char* const text = std::getenv("TEMPEH_SIM_SEED");
    if (text != nullptr) options.seed = std::strtoull(text, nullptr, 0);
    if (options.seed == 0) options.seed = 1;
    return options;
}

}  // namespace

SimulatedNetwork::SimulatedNetwork(const SimulationOptions& options)
    : simulation_(std::make_unique<detail::Simulation>(seeded(options))) {}

SimulatedNetwork::~SimulatedNetwork() = default;

Ampe& SimulatedNetwork::createEngine(std::string_view name, const Options& options) {
    return simulation_->createEngine(name, options);
}

void SimulatedNetwork::spawn(std::string_view engine, asio::awaitable<void> coroutine) {
    simulation_->spawn(&simulation_->living(engine), std::move(coroutine));
}

void SimulatedNetwork::spawn(asio::awaitable<void> coroutine) {
    simulation_->spawn(nullptr, std::move(coroutine));
}

asio::any_io_executor SimulatedNetwork::executor() const {
    return simulation_->context().get_executor();
}

TimePoint SimulatedNetwork::now() const noexcept {
    return simulation_->world().timeline().now();
}

asio::awaitable<void> SimulatedNetwork::sleep(Timeout duration) {
    detail::MemoryTimer timer(simulation_->world(), co_await asio::this_coro::executor);
    error_code ec;
    const TimePoint until = timeAfter(now(), duration);
    co_await timer.wait(until, ec);
    if (ec) throw Error(ec);
}

void SimulatedNetwork::run() {
    simulation_->run(nullptr, TimePoint::max());
}

void SimulatedNetwork::runFor(Timeout duration) {
    simulation_->run(nullptr, timeAfter(now(), duration));
}

bool SimulatedNetwork::runUntil(const std::function<bool()>& isDone, Timeout limit) {
    return simulation_->run(&isDone, timeAfter(now(), limit));
}

void SimulatedNetwork::partition(std::string_view a, std::string_view b) {
    detail::World& world = simulation_->world();
    world.cut(world.hostOf(std::string(a)), world.hostOf(std::string(b)));
}

void SimulatedNetwork::heal(std::string_view a, std::string_view b) {
    detail::World& world = simulation_->world();
    world.heal(world.hostOf(std::string(a)), world.hostOf(std::string(b)));
}

void SimulatedNetwork::heal() {
    simulation_->world().healAll();
}

void SimulatedNetwork::crash(std::string_view engine) {
    simulation_->crash(engine);
}

void SimulatedNetwork::suspend(std::string_view engine) {
    simulation_->suspend(engine);
}

void SimulatedNetwork::resume(std::string_view engine) {
    simulation_->resume(engine);
}

void SimulatedNetwork::setFaults(bool on) {
    simulation_->world().setFaults(on);
}

std::uint64_t SimulatedNetwork::seed() const noexcept {
    return simulation_->world().options().seed;
}

std::uint64_t SimulatedNetwork::traceHash() const noexcept {
    return simulation_->world().trace().hash();
}

std::string SimulatedNetwork::traceTail(std::size_t lines) const {
    return simulation_->world().trace().tail(lines);
}

void SimulatedNetwork::note(std::string_view text) {
    simulation_->world().trace().addNote(text);
}

}  // namespace tempeh::testing
