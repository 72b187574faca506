#include <tempeh/machines/circuit_machine.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace tempeh::machines {
namespace {

using namespace std::chrono_literals;

constexpr CircuitLimits limits{
    .failureThreshold = 3, .recoveryTimeout = 10s, .successThreshold = 2, .halfOpenProbes = 1};

TimePoint at(Duration time) {
    return TimePoint() + time;
}

class CircuitMachineTest : public testing::Test {
protected:
    std::uint64_t call(Duration time) {
        const CircuitMachine::Admission admission = machine_.onCall(at(time));
        EXPECT_TRUE(admission.isAdmitted);
        return admission.period;
    }
    void fail(Duration time) { machine_.onFailure(call(time), at(time)); }
    void succeed(Duration time) { machine_.onSuccess(call(time), at(time)); }
    bool isRefused(Duration time) { return !machine_.onCall(at(time)).isAdmitted; }
    void open(Duration time) {
        for (std::size_t i = 0; i < limits.failureThreshold; ++i)
            fail(time);
        ASSERT_EQ(machine_.state(), CircuitState::Open);
    }

    CircuitMachine machine_{limits};
};

TEST_F(CircuitMachineTest, BeginsClosed) {
    EXPECT_EQ(machine_.state(), CircuitState::Closed);
    EXPECT_EQ(machine_.period(), 0U);
    EXPECT_EQ(machine_.failures(), 0U);
    EXPECT_EQ(machine_.since(), TimePoint::min());
    EXPECT_EQ(machine_.until(), TimePoint::min());
}

TEST_F(CircuitMachineTest, OpensAtTheThreshold) {
    fail(1s);
    fail(2s);
    EXPECT_EQ(machine_.state(), CircuitState::Closed);
    fail(3s);
    EXPECT_EQ(machine_.state(), CircuitState::Open);
    EXPECT_EQ(machine_.since(), at(3s));
    EXPECT_EQ(machine_.until(), at(13s));
    EXPECT_EQ(machine_.failures(), 3U);
    EXPECT_EQ(machine_.period(), 1U);
}

TEST_F(CircuitMachineTest, CountsFailuresInARowOnly) {
    for (int i = 0; i < 10; ++i) {
        fail(1s);
        fail(1s);
        succeed(1s);
    }
    EXPECT_EQ(machine_.state(), CircuitState::Closed);
    EXPECT_EQ(machine_.failures(), 0U);
}

TEST_F(CircuitMachineTest, CountsWhatWasAbandonedAsNeither) {
    fail(1s);
    fail(1s);
    machine_.onAbandoned(call(1s));
    EXPECT_EQ(machine_.state(), CircuitState::Closed);
    EXPECT_EQ(machine_.failures(), 2U);
    fail(1s);
    EXPECT_EQ(machine_.state(), CircuitState::Open);
}

TEST_F(CircuitMachineTest, RefusesUntilItsTimeHasCome) {
    open(0s);
    EXPECT_TRUE(isRefused(0s));
    EXPECT_TRUE(isRefused(10s - 1ns));
    EXPECT_EQ(machine_.state(), CircuitState::Open);
    call(10s);
    EXPECT_EQ(machine_.state(), CircuitState::HalfOpen);
    EXPECT_EQ(machine_.since(), at(10s));
    EXPECT_EQ(machine_.until(), at(10s));
}

TEST_F(CircuitMachineTest, HasOneProbeAtATime) {
    open(0s);
    const std::uint64_t probe = call(10s);
    EXPECT_TRUE(isRefused(10s));
    EXPECT_TRUE(isRefused(1h)) << "a probe that does not end keeps its place";
    machine_.onSuccess(probe, at(11s));
    EXPECT_EQ(machine_.state(), CircuitState::HalfOpen);
    machine_.onSuccess(call(12s), at(13s));
    EXPECT_EQ(machine_.state(), CircuitState::Closed);
    EXPECT_EQ(machine_.failures(), 0U);
    EXPECT_EQ(machine_.since(), at(13s));
}

TEST_F(CircuitMachineTest, OpensAgainWhenAProbeFails) {
    open(0s);
    succeed(10s);
    fail(11s);
    EXPECT_EQ(machine_.state(), CircuitState::Open);
    EXPECT_EQ(machine_.until(), at(21s));
    EXPECT_TRUE(isRefused(20s));
    succeed(21s);
    EXPECT_EQ(machine_.state(), CircuitState::HalfOpen) << "the success before the failure does not count";
    succeed(22s);
    EXPECT_EQ(machine_.state(), CircuitState::Closed);
}

TEST_F(CircuitMachineTest, FreesThePlaceOfAnAbandonedProbe) {
    open(0s);
    for (int i = 0; i < 5; ++i)
        machine_.onAbandoned(call(10s));
    EXPECT_EQ(machine_.state(), CircuitState::HalfOpen);
    call(10s);
    EXPECT_TRUE(isRefused(10s));
}

TEST_F(CircuitMachineTest, IgnoresCallsOfAnEarlierState) {
    const std::uint64_t slow = call(0s);
    open(0s);
    machine_.onSuccess(slow, at(1s));
    machine_.onFailure(slow, at(1s));
    EXPECT_EQ(machine_.until(), at(10s)) << "a late failure does not make it longer";
    const std::uint64_t probe = call(10s);
    machine_.onSuccess(slow, at(10s));
    machine_.onFailure(slow, at(10s));
    machine_.onAbandoned(slow);
    EXPECT_EQ(machine_.state(), CircuitState::HalfOpen);
    EXPECT_TRUE(isRefused(10s)) << "the place is the probe's";
    machine_.onSuccess(probe, at(10s));
    succeed(10s);
    machine_.onFailure(slow, at(11s));
    EXPECT_EQ(machine_.failures(), 0U);
}

TEST_F(CircuitMachineTest, OpensAndClosesOnDemand) {
    machine_.trip(at(5s));
    EXPECT_TRUE(isRefused(14s));
    machine_.trip(at(14s));
    EXPECT_TRUE(isRefused(15s)) << "tripped again: counts from then";
    machine_.reset(at(16s));
    EXPECT_EQ(machine_.state(), CircuitState::Closed);
    fail(17s);
    machine_.reset(at(17s));
    EXPECT_EQ(machine_.failures(), 0U);
}

TEST(CircuitMachine, HasAsManyProbesAsAllowed) {
    CircuitMachine machine({.failureThreshold = 1, .recoveryTimeout = 0s, .halfOpenProbes = 2});
    machine.onFailure(machine.onCall(at(0s)).period, at(0s));
    const CircuitMachine::Admission first = machine.onCall(at(0s));
    EXPECT_TRUE(machine.onCall(at(0s)).isAdmitted);
    EXPECT_FALSE(machine.onCall(at(0s)).isAdmitted);
    machine.onFailure(first.period, at(0s));
    EXPECT_EQ(machine.state(), CircuitState::Open) << "one failed probe is enough";
}

TEST(CircuitMachine, TakesAnyLimits) {
    CircuitMachine machine({.failureThreshold = 0,
                            .recoveryTimeout = std::chrono::hours::max(),
                            .successThreshold = 0,
                            .halfOpenProbes = 0});
    machine.onFailure(machine.onCall(at(0s)).period, at(0s));
    EXPECT_EQ(machine.until(), TimePoint::max());
    EXPECT_FALSE(machine.onCall(at(24h * 365 * 200)).isAdmitted);
    machine.reset(at(0s));
    EXPECT_TRUE(machine.onCall(at(0s)).isAdmitted);
}

TEST(CircuitMachine, NamesItsStates) {
    EXPECT_EQ(nameOf(CircuitState::Closed), "Closed");
    EXPECT_EQ(nameOf(CircuitState::Open), "Open");
    EXPECT_EQ(nameOf(CircuitState::HalfOpen), "HalfOpen");
    EXPECT_EQ(nameOf(static_cast<CircuitState>(9)), "unknown");
}

/// Every sequence of up to eight events: at most `halfOpenProbes` probes, a closed machine refuses nobody,
/// and whatever happened, enough successes close it.
TEST(CircuitMachine, KeepsItsPromisesInEverySequence) {
    constexpr int events = 5;
    int sequences = 1;
    for (int length = 0; length < 8; ++length)
        sequences *= events;
    for (int code = 0; code < sequences; ++code) {
        CircuitMachine machine({.failureThreshold = 2, .recoveryTimeout = 2s, .successThreshold = 2});
        std::vector<std::uint64_t> underWay;
        Duration now = 0s;
        int rest = code;
        for (int step = 0; step < 8; ++step, rest /= events) {
            const int event = rest % events;
            if (event == 0) now += 1s;
            if (event == 1) {
                const CircuitMachine::Admission admission = machine.onCall(at(now));
                ASSERT_TRUE(admission.isAdmitted || machine.state() != CircuitState::Closed) << code;
                if (admission.isAdmitted) underWay.push_back(admission.period);
            }
            if (event < 2 || underWay.empty()) continue;
            const std::uint64_t period = underWay.back();
            underWay.pop_back();
            if (event == 2) machine.onSuccess(period, at(now));
            if (event == 3) machine.onFailure(period, at(now));
            if (event == 4) machine.onAbandoned(period);
        }
        if (machine.state() == CircuitState::HalfOpen) {
            const auto probes = std::count(underWay.begin(), underWay.end(), machine.period());
            ASSERT_LE(probes, 1) << code;
        }
        for (const std::uint64_t period : std::exchange(underWay, {}))
            machine.onSuccess(period, at(now));
        for (int i = 0; i < 3; ++i) {
            now += 2s;
            const CircuitMachine::Admission admission = machine.onCall(at(now));
            ASSERT_TRUE(admission.isAdmitted) << code;
            machine.onSuccess(admission.period, at(now));
        }
        ASSERT_EQ(machine.state(), CircuitState::Closed) << code;
    }
}

}  // namespace
}  // namespace tempeh::machines
