#pragma once

#include <tempeh/base/x11_macros.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/core/stats.hpp>
#include <tempeh/message/allocation_strategy.hpp>
#include <tempeh/message/message.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tempeh {

class ChannelGroup;

/// How a shutdown went.
struct ShutdownReport {
    bool complete = true;              ///< Everything posted was sent, and every channel closed in time.
    std::vector<std::string> blocked;  ///< One line for each failure, naming channel and peer.
};

/// An asynchronous message passing engine (Ampe). Code written to this interface runs on any of them; Reactor
/// is the real one. Any thread may make every call.
class TEMPEH_EXPORT Ampe {
public:
    virtual ~Ampe();

    /// Returns a cleared message from the pool. If the pool is empty, PoolOnly returns null, and Always
    /// allocates (throws std::bad_alloc). Costs a few nanoseconds on the engine's own thread, an uncontended
    /// mutex elsewhere.
    virtual MessagePtr get(AllocationStrategy strategy = AllocationStrategy::Always) = 0;

    /// Gives a message back. Destroying it does the same.
    void put(MessagePtr message) noexcept { message.reset(); }

    /// Returns a new group without channels. Errors: ShutdownStarted.
    ChannelGroup createGroup();
    virtual ChannelGroup createGroup(error_code& ec) = 0;

    /// A snapshot of the counters. Takes a lock briefly; meant for monitoring, not for every message.
    virtual EngineStats stats() const = 0;

    /// Refuses further posts (ShutdownStarted), sends what was posted, and closes every channel. What could
    /// not be sent within `deadline` (from now) comes back to its group. After that waitReceive returns what
    /// is left and ends with ShutdownStarted. Blocks until done, or until the deadline. Throws
    /// Error(NotAllowed) on the engine's own thread.
    ShutdownReport shutdown(Timeout deadline);
    virtual ShutdownReport shutdown(Duration deadline, error_code& ec) = 0;

    /// The time that this engine's timeouts use. Code that measures or plans with it works on a simulated
    /// engine too. The default is the system's steady clock.
    virtual TimePoint now() const noexcept;

    /// A seed for random choices that should differ from run to run, such as the jitter of a pause. Never 0.
    /// It comes from the system's entropy; on a simulated engine from the simulation's seed.
    virtual std::uint64_t randomSeed();
};

}  // namespace tempeh
