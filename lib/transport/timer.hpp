#pragma once

#include <tempeh/message/status.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>

namespace tempeh::transport {

/// The object that a Timer calls.
class TimerTarget {
public:
    virtual void onTimer() noexcept = 0;

protected:
    ~TimerTarget() = default;
};

/// A timer for one time point at a time, on the engine's executor; the engine uses a single one for all its
/// deadlines. The rules of transport.hpp apply.
class Timer {
public:
    using TimePoint = std::chrono::steady_clock::time_point;

    virtual ~Timer() = default;

    /// Calls the target at `when`, through the executor and never inline, and keeps it alive until then.
    /// Replaces the previous start().
    virtual void start(TimePoint when, std::shared_ptr<TimerTarget> target) = 0;
    /// Suspends until `when`. `ec` must outlive the call: asio::error::operation_aborted after cancel().
    virtual boost::asio::awaitable<void> wait(TimePoint when, error_code& ec) = 0;
    /// After this the target is not called.
    virtual void cancel() noexcept = 0;
};

}  // namespace tempeh::transport
