#include <tempeh/flows/circuit_breaker.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tempeh::flows {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class CircuitBreakerTest : public testing::Test {
protected:
    CircuitBreaker make(CircuitBreakerOptions options = {}) {
        options.failureThreshold = 2;
        options.recoveryTimeout = 10s;
        options.successThreshold = 1;
        options.clock = [this] { return TimePoint() + now_; };
        return CircuitBreaker(std::move(options));
    }
    /// Runs it to its end, or until nothing more happens.
    void run(asio::awaitable<void> body) {
        asio::co_spawn(context_, std::move(body), [](const std::exception_ptr& failure) {
            if (failure != nullptr) std::rethrow_exception(failure);
        });
        context_.run();
        context_.restart();
    }

    Duration now_ = 0s;
    asio::io_context context_;
};

int broken() {
    throw std::runtime_error("no such host");
}

asio::awaitable<int> brokenLater() {
    throw std::runtime_error("no such host");
    co_return 0;
}

asio::awaitable<int> answerLater(int* calls) {
    ++*calls;
    co_return 42;
}

void breakIt(const CircuitBreaker& breaker) {
    for (int i = 0; i < 2; ++i)
        EXPECT_THROW(breaker.run(broken), std::runtime_error);
}

TEST_F(CircuitBreakerTest, PassesResultsOn) {
    const CircuitBreaker breaker = make();
    EXPECT_EQ(breaker.run([] { return 42; }), 42);
    breaker.run([] {});
    const std::unique_ptr<int> moved = breaker.run([] { return std::make_unique<int>(7); });
    EXPECT_EQ(*moved, 7);
    EXPECT_EQ(breaker.counters().succeeded, 3U);
}

TEST_F(CircuitBreakerTest, SaysSinceWhenUntilWhenAndWhy) {
    const CircuitBreaker breaker = make();
    breakIt(breaker);
    now_ = 4s;
    try {
        breaker.run([] { FAIL() << "called while open"; });
        FAIL() << "let through while open";
    } catch (const CircuitOpen& error) {
        EXPECT_EQ(error.code(), CircuitErrc::Open);
        EXPECT_EQ(error.state(), CircuitState::Open);
        EXPECT_EQ(error.since(), TimePoint());
        EXPECT_EQ(error.until(), TimePoint() + 10s);
        EXPECT_STREQ(
            error.what(),
            "the circuit breaker makes no call: open for 4 s, tries again in 6 s; the last failure: no "
            "such host; look after the service, or call again later");
    }
    EXPECT_EQ(breaker.counters().refused, 1U);
}

TEST_F(CircuitBreakerTest, ClosesAgainWhenAProbeSucceeds) {
    const CircuitBreaker breaker = make();
    breakIt(breaker);
    now_ = 10s;
    EXPECT_EQ(breaker.state(), CircuitState::Open) << "no call has asked yet";
    EXPECT_EQ(breaker.run([] { return 1; }), 1);
    EXPECT_EQ(breaker.state(), CircuitState::Closed);
}

TEST_F(CircuitBreakerTest, RefusesWhileItsProbeIsUnderWay) {
    const CircuitBreaker breaker = make();
    breakIt(breaker);
    now_ = 10s;
    CircuitPermit probe = breaker.enter();
    now_ = 11s;
    try {
        breaker.run([] { FAIL(); });
    } catch (const CircuitOpen& error) {
        EXPECT_EQ(error.state(), CircuitState::HalfOpen);
        EXPECT_EQ(error.until(), error.since());
        EXPECT_THAT(error.what(), HasSubstr("half-open for 1 s, and all probes are under way"));
    }
    probe.succeed();
    EXPECT_EQ(breaker.state(), CircuitState::Closed);
}

TEST_F(CircuitBreakerTest, TellsEveryChangeInOrder) {
    std::vector<std::string> told;
    CircuitBreakerOptions options;
    options.onChange = [&told](const CircuitChange& change) {
        told.push_back(std::string(nameOf(change.from)) + "-" + std::string(nameOf(change.to)) + " " +
                       change.cause);
        throw std::runtime_error("ignored");
    };
    const CircuitBreaker breaker = make(std::move(options));
    breakIt(breaker);
    now_ = 10s;
    breaker.run([] {});
    breaker.trip();
    breaker.trip();
    breaker.reset();
    EXPECT_THAT(told, ElementsAre("Closed-Open no such host", "Open-HalfOpen ", "HalfOpen-Closed ",
                                  "Closed-Open opened by trip()", "Open-Closed "));
    EXPECT_EQ(breaker.counters().opened, 2U);
}

TEST_F(CircuitBreakerTest, LetsTheHookUseIt) {
    std::optional<CircuitBreaker> breaker;
    std::vector<CircuitState> told;
    CircuitBreakerOptions options;
    options.onChange = [&](const CircuitChange& change) {
        told.push_back(change.to);
        if (change.to == CircuitState::Open) breaker->reset();
    };
    breaker = make(std::move(options));
    breakIt(*breaker);
    EXPECT_THAT(told, ElementsAre(CircuitState::Open, CircuitState::Closed));
}

TEST_F(CircuitBreakerTest, AsksWhichExceptionsAreFailures) {
    CircuitBreakerOptions options;
    options.isFailure = [](const std::exception_ptr& failure) {
        try {
            std::rethrow_exception(failure);
        } catch (const std::invalid_argument&) {
            return false;
        } catch (...) {
            return true;
        }
    };
    const CircuitBreaker breaker = make(std::move(options));
    for (int i = 0; i < 5; ++i)
        EXPECT_THROW(breaker.run([] { throw std::invalid_argument("no such customer"); }),
                     std::invalid_argument);
    EXPECT_EQ(breaker.state(), CircuitState::Closed);
    EXPECT_EQ(breaker.counters().succeeded, 5U);
    for (int i = 0; i < 2; ++i)
        EXPECT_THROW(breaker.run([] { throw 7; }), int);
    EXPECT_EQ(breaker.state(), CircuitState::Open);
}

TEST_F(CircuitBreakerTest, JudgesResults) {
    const CircuitBreaker breaker = make();
    EXPECT_EQ(breaker.run([] { return MessagePtr(); }), nullptr) << "a request that timed out";
    EXPECT_EQ(breaker.run([] { return make_error_code(Status::ConnectFailed); }), Status::ConnectFailed);
    EXPECT_EQ(breaker.state(), CircuitState::Open);
    breaker.reset();
    const auto isEven = [](int value) { return value % 2 == 0; };
    EXPECT_EQ(breaker.run([] { return 2; }, isEven), 2);
    EXPECT_EQ(breaker.run([] { return 3; }, isEven), 3);
    EXPECT_EQ(breaker.counters().failed, 3U);
}

TEST_F(CircuitBreakerTest, RunsCoroutines) {
    const CircuitBreaker breaker = make();
    int calls = 0;
    const auto body = [&]() -> asio::awaitable<void> {
        const auto answer = [&calls] { return answerLater(&calls); };
        const int called = co_await breaker.run(answer);
        const int made = co_await breaker.run(answerLater(&calls));
        EXPECT_EQ(called + made, 84);
        for (int i = 0; i < 2; ++i) {
            try {
                co_await breaker.run(brokenLater);
                ADD_FAILURE();
            } catch (const std::runtime_error&) {
            }
        }
        bool isRefused = false;
        try {
            co_await breaker.run(answerLater(&calls));
        } catch (const CircuitOpen&) {
            isRefused = true;
        }
        EXPECT_TRUE(isRefused);
    };
    run(body());
    EXPECT_EQ(calls, 2);
    EXPECT_EQ(breaker.counters().failed, 2U);
}

asio::awaitable<void> waitForEver(asio::any_io_executor executor) {
    asio::steady_timer timer(executor, TimePoint::max());
    co_await timer.async_wait(asio::use_awaitable);
}

TEST_F(CircuitBreakerTest, CountsACancelledProbeAsNeither) {
    const CircuitBreaker breaker = make();
    breakIt(breaker);
    now_ = 10s;
    asio::cancellation_signal stop;
    std::exception_ptr outcome;
    asio::co_spawn(context_, breaker.run(waitForEver(context_.get_executor())),
                   asio::bind_cancellation_slot(
                       stop.slot(), [&](const std::exception_ptr& failure) { outcome = failure; }));
    context_.poll();
    EXPECT_EQ(breaker.state(), CircuitState::HalfOpen);
    stop.emit(asio::cancellation_type::terminal);
    context_.run();
    EXPECT_NE(outcome, nullptr);
    EXPECT_EQ(breaker.state(), CircuitState::HalfOpen);
    EXPECT_EQ(breaker.counters().abandoned, 1U);
    breaker.run([] {});  // its place is free
    EXPECT_EQ(breaker.state(), CircuitState::Closed);
}

TEST_F(CircuitBreakerTest, FreesThePlaceOfACoroutineThatIsDestroyed) {
    const CircuitBreaker breaker = make();
    {
        asio::io_context context;
        asio::co_spawn(context, breaker.run(waitForEver(context.get_executor())), asio::detached);
        context.poll();
    }
    EXPECT_EQ(breaker.counters().abandoned, 1U);
}

TEST_F(CircuitBreakerTest, CountsTheFirstWordOfAPermit) {
    const CircuitBreaker breaker = make();
    CircuitPermit permit = breaker.enter();
    permit.succeed();
    permit.fail();
    { const CircuitPermit dropped = breaker.enter(); }
    permit = breaker.enter();
    permit = breaker.enter();
    permit.fail("why");
    const CircuitCounters counters = breaker.counters();
    EXPECT_EQ(counters.succeeded, 1U);
    EXPECT_EQ(counters.failed, 1U);
    EXPECT_EQ(counters.abandoned, 2U);
}

TEST_F(CircuitBreakerTest, OutlivesItsHandle) {
    std::optional<CircuitPermit> permit;
    {
        const CircuitBreaker breaker = make();
        permit = breaker.enter();
    }
    permit->fail("too late for anybody");
}

TEST(CircuitBreaker, ChecksItsOptions) {
    EXPECT_THROW(CircuitBreaker({.failureThreshold = 0}), Error);
}

TEST(CircuitBreaker, CountsEveryCallOfManyThreadsOnce) {
    std::atomic<int> opened = 0;
    std::atomic<bool> isTelling = false;
    CircuitBreakerOptions options;
    options.failureThreshold = 3;
    options.recoveryTimeout = 0s;
    options.successThreshold = 2;
    options.onChange = [&](const CircuitChange& change) {
        EXPECT_FALSE(isTelling.exchange(true)) << "two changes are told at once";
        if (change.to == CircuitState::Open) ++opened;
        isTelling = false;
    };
    const CircuitBreaker breaker(std::move(options));
    constexpr std::uint64_t calls = 3000;
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 4; ++seed) {
        threads.emplace_back([&breaker, seed] {
            for (std::uint64_t i = 0; i < calls; ++i) {
                try {
                    breaker.run([&] {
                        if ((i / 7 + seed) % 3 == 0) throw std::runtime_error("now and then");
                    });
                } catch (const std::runtime_error&) {
                }
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    const CircuitCounters counters = breaker.counters();
    EXPECT_EQ(counters.succeeded + counters.failed + counters.refused, 4 * calls);
    EXPECT_EQ(counters.opened, static_cast<std::uint64_t>(opened.load()));
    EXPECT_GT(counters.opened, 0U);
}

}  // namespace
}  // namespace tempeh::flows
