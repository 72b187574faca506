#pragma once

#include "core/engine/waiter_relay.hpp"
#include "core/submit/task.hpp"

#include <tempeh/core/asio.hpp>

namespace tempeh::core {

class Engine;
class Group;

/// Brings a waitWritable() to its channel, which then owns the wait, and resumes waiters later on the reactor
/// thread. Any thread.
class WritableWaits {
public:
    explicit WritableWaits(Engine& engine) noexcept : engine_(engine) {}
    WritableWaits(const WritableWaits&) = delete;
    WritableWaits& operator=(const WritableWaits&) = delete;

    /// The result a wait would have now, without waiting for the reactor.
    bool isWritable(const Group& group, ChannelNumber channel, error_code& ec) const;
    /// Resumes the waiter when the channel has room, when it never will, or at the waiter's deadline.
    void start(Group& group, detail::Waiter& waiter, ChannelNumber channel) noexcept;
    void cancel(detail::Waiter& waiter, ChannelNumber channel) noexcept;
    /// Calls resume(false) again, after other work had its turn.
    void resumeLater(detail::Waiter& waiter) noexcept;

    // --- Reactor thread, or no thread once the context is being destroyed ---

    /// Refuses waiters that have not reached their channels.
    void refuseArriving() noexcept;
    /// Resumes the waiters from resumeLater().
    void resumeAgain() noexcept;

private:
    void begin(detail::Waiter& waiter) noexcept;
    void beginArrived() noexcept;

    Engine& engine_;
    WaiterRelay arriving_;
    WaiterRelay again_;  // to be resumed when there is memory for it
    OwnTask<WritableWaits, &WritableWaits::beginArrived> arrivals_{*this};
    OwnTask<WritableWaits, &WritableWaits::resumeAgain> resumptions_{*this};
};

}  // namespace tempeh::core
