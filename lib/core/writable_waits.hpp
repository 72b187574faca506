#pragma once

#include "core/job.hpp"
#include "core/waiter_relay.hpp"

#include <tempeh/core/asio.hpp>

namespace tempeh::core {

class Engine;
class Group;

/// The way of a waitWritable to its channel, which has it from then on, and of whoever is to be resumed on
/// the reactor thread later. Any thread.
class WritableWaits {
public:
    explicit WritableWaits(Engine& engine) noexcept : engine_(engine) {}
    WritableWaits(const WritableWaits&) = delete;
    WritableWaits& operator=(const WritableWaits&) = delete;

    /// What a wait would find now, without waiting for the reactor.
    bool isWritable(const Group& group, ChannelNumber channel, error_code& ec) const;
    /// Resumes the waiter when the channel has room, when it never will, or at the waiter's deadline.
    void start(Group& group, detail::Waiter& waiter, ChannelNumber channel) noexcept;
    void cancel(detail::Waiter& waiter, ChannelNumber channel) noexcept;
    /// Calls resume(false) again, after others had their turn.
    void resumeLater(detail::Waiter& waiter) noexcept;

    // --- Reactor thread, or no thread once the context goes ---

    /// Refuses those on their way to their channels.
    void refuseArriving() noexcept;
    /// Resumes whoever came to resumeLater().
    void resumeAgain() noexcept;

private:
    void begin(detail::Waiter& waiter) noexcept;
    void beginArrived() noexcept;

    Engine& engine_;
    WaiterRelay arriving_;
    WaiterRelay again_;  // to be resumed when there is memory for it
    OwnJob<WritableWaits, &WritableWaits::beginArrived> arrivals_{*this};
    OwnJob<WritableWaits, &WritableWaits::resumeAgain> resumptions_{*this};
};

}  // namespace tempeh::core
