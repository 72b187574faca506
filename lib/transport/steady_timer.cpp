#include "transport/steady_timer.hpp"

#include "transport/waits.hpp"

#include <utility>

namespace tempeh::transport {

namespace asio = boost::asio;

void SteadyTimer::start(TimePoint when, std::shared_ptr<TimerTarget> target) {
    timer_.expires_at(when);
    timer_.async_wait([target = std::move(target)](const error_code& ec) {
        if (!ec) target->onTimer();
    });
}

asio::awaitable<void> SteadyTimer::wait(TimePoint when, error_code& ec) {
    timer_.expires_at(when);
    return waitFor(timer_, ec);
}

void SteadyTimer::cancel() noexcept {
    timer_.cancel();
}

}  // namespace tempeh::transport
