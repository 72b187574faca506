#include "testing/memory_timer.hpp"

#include "testing/wake.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <optional>
#include <utility>

namespace tempeh::testing::detail {

struct MemoryTimer::State {
    asio::any_io_executor executor;
    std::uint64_t round = 0;  // changes with each cancel(), which invalidates earlier starts
    std::optional<Wake> waiting;
};

/// Ends one wait, if that wait is still pending.
class MemoryTimer::Alarm {
public:
    explicit Alarm(std::shared_ptr<State> state) noexcept : state_(std::move(state)), round_(state_->round) {}
    ~Alarm() { ring(asio::error::operation_aborted); }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    void ring(const error_code& ec) {
        if (state_->round == round_) endWait(*state_, ec);
    }

private:
    const std::shared_ptr<State> state_;
    const std::uint64_t round_;
};

MemoryTimer::MemoryTimer(World& world, asio::any_io_executor executor)
    : world_(world), state_(std::make_shared<State>(State{std::move(executor), 0, {}})) {}

void MemoryTimer::start(TimePoint when, std::shared_ptr<transport::TimerTarget> target) {
    cancel();
    const std::uint64_t round = state_->round;
    world_.timeline().at(when, [weak = std::weak_ptr(state_), round, target = std::move(target)] {
        const auto state = weak.lock();
        if (state == nullptr || state->round != round) return;
        asio::post(state->executor, [weak, round, target] {
            const auto timer = weak.lock();
            if (timer != nullptr && timer->round == round) target->onTimer();
        });
    });
}

asio::awaitable<void> MemoryTimer::wait(TimePoint when, error_code& ec) {
    cancel();
    const std::shared_ptr<State> state = state_;
    // If the time never comes, the alarm ends the wait when the timeline is destroyed; otherwise the
    // coroutine would own itself.
    const auto alarm = std::make_shared<Alarm>(state);
    world_.timeline().at(when, [alarm] { alarm->ring({}); });
    Sleep sleep;
    auto waiting = sleep.wait([&](Wake wake) { state->waiting.emplace(std::move(wake)); },
                              [state] {
                                  ++state->round;
                                  endWait(*state, asio::error::operation_aborted);
                              });
    co_await std::move(waiting);
    ec = sleep.ec;
}

void MemoryTimer::endWait(State& state, const error_code& ec) {
    if (!state.waiting) return;
    Wake taken(std::move(*state.waiting));
    state.waiting.reset();
    asio::post(state.executor, [taken = std::move(taken), ec]() mutable { taken(ec); });
}

void MemoryTimer::cancel() noexcept {
    ++state_->round;
    endWait(*state_, asio::error::operation_aborted);
}

}  // namespace tempeh::testing::detail
