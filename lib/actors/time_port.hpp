#pragma once

#include <tempeh/base/duration.hpp>
#include <tempeh/core/asio.hpp>

#include <memory>

namespace tempeh {
class Ampe;
}

namespace tempeh::actors::detail {

class SystemCore;

/// The time of a worker: the system's steady clock, or that of an engine. The worker's executor alone, but
/// for now().
class TimePort {
public:
    TimePort() = default;
    TimePort(const TimePort&) = delete;
    TimePort& operator=(const TimePort&) = delete;
    virtual ~TimePort() = default;

    virtual TimePoint now() const noexcept = 0;
    /// Calls the worker's onTime() at `when`, in place of what was armed before. Throws std::bad_alloc.
    virtual void arm(TimePoint when, std::weak_ptr<SystemCore> system, std::size_t worker) = 0;
    virtual void disarm() noexcept = 0;
    /// The executor's context is being destroyed: only now() is called from now on.
    virtual void leaveContext() noexcept = 0;
};

std::unique_ptr<TimePort> makeSteadyTime(const asio::any_io_executor& executor);
/// `executor` is set to the engine's.
std::unique_ptr<TimePort> makeEngineTime(Ampe& engine, asio::any_io_executor& executor);

}  // namespace tempeh::actors::detail
