#pragma once

#include "testing/world.hpp"
#include "transport/timer.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace tempeh::testing::detail {

/// A timer in virtual time.
class MemoryTimer final : public transport::Timer {
public:
    MemoryTimer(World& world, asio::any_io_executor executor);
    ~MemoryTimer() override { cancel(); }
    MemoryTimer(const MemoryTimer&) = delete;
    MemoryTimer& operator=(const MemoryTimer&) = delete;

    void start(TimePoint when, std::shared_ptr<transport::TimerTarget> target) override;
    asio::awaitable<void> wait(TimePoint when, error_code& ec) override;
    void cancel() noexcept override;

private:
    /// The part of the timer that later events need after its destruction.
    struct State;
    class Alarm;
    static void endWait(State& state, const error_code& ec);

    World& world_;
    const std::shared_ptr<State> state_;
};

}  // namespace tempeh::testing::detail
