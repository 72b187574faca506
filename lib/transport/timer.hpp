#pragma once

#include <tempeh/message/status.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>

namespace tempeh::transport {

/// Whom a Timer calls.
class TimerTarget {
public:
    virtual void onTimer() noexcept = 0;

protected:
    ~TimerTarget() = default;
};

/// One moment at a time, on the engine's executor; the engine has a single one for all its deadlines. The
/// rules of transport.hpp hold for it.
class Timer {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    virtual ~Timer() = default;

    /// Calls the target through the executor when it is time, never inline, and keeps it alive until then.
    /// Replaces what was started before.
    virtual void start(TimePoint when, std::shared_ptr<TimerTarget> target) = 0;
    /// Suspends until then. `ec` outlives the call: asio::error::operation_aborted after cancel().
    virtual boost::asio::awaitable<void> wait(TimePoint when, error_code& ec) = 0;
    /// Nobody is called.
    virtual void cancel() noexcept = 0;
};

}  // namespace tempeh::transport
