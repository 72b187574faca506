#pragma once

#include "transport/timer.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tempeh::transport {

/// A Timer on the system's steady clock.
class SteadyTimer final : public Timer {
public:
    explicit SteadyTimer(const boost::asio::any_io_executor& executor) : timer_(executor) {}

    void start(TimePoint when, std::shared_ptr<TimerTarget> target) override;
    boost::asio::awaitable<void> wait(TimePoint when, error_code& ec) override;
    void cancel() noexcept override;

private:
    boost::asio::steady_timer timer_;
};

}  // namespace tempeh::transport
