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
    bool complete = true;              ///< Everything posted went out and every channel closed in time.
    std::vector<std::string> blocked;  ///< One line for each thing that did not, naming channel and peer.
};

/// An asynchronous message passing engine. Code written to this interface runs on any of them (Reactor is the
/// real one). Every call may come from any thread.
class TEMPEH_EXPORT Ampe {
public:
    virtual ~Ampe();

    /// A message as new. PoolOnly: null when the pool is empty. Always: allocates then; throws
    /// std::bad_alloc. Costs a few nanoseconds on the engine's own thread, an uncontended mutex elsewhere.
    virtual MessagePtr get(AllocationStrategy strategy = AllocationStrategy::Always) = 0;

    /// Gives a message back; the same as destroying it.
    void put(MessagePtr message) noexcept { message.reset(); }

    /// A new group with no channels. Errors: ShutdownStarted.
    ChannelGroup createGroup();
    virtual ChannelGroup createGroup(error_code& ec) = 0;

    /// A snapshot of the counters. Takes a lock for a moment; meant for monitoring, not for every message.
    virtual EngineStats stats() const = 0;

    /// Stops taking posts (ShutdownStarted), sends what was posted, closes every channel; what could not be
    /// sent in `deadline` (from now) comes back to its group. Then waitReceive gives what is left and ends
    /// with ShutdownStarted. Blocks until done or until the deadline; on the engine's own thread NotAllowed.
    ShutdownReport shutdown(Timeout deadline);
    virtual ShutdownReport shutdown(Duration deadline, error_code& ec) = 0;

    /// The time that this engine's timeouts run by; code that measures or plans by it works on a simulated
    /// engine too. The system's steady clock unless the engine says otherwise.
    virtual TimePoint now() const noexcept;

    /// Seeds chance that is to differ from run to run, as the jitter of a pause; never 0. From the system's
    /// entropy; on a simulated engine from the simulation's seed.
    virtual std::uint64_t randomSeed();
};

}  // namespace tempeh
