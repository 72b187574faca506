#pragma once

#include "core/submit/task.hpp"
#include "machines/admission.hpp"
#include "transport/stream.hpp"

#include <memory>
#include <string_view>

namespace tempeh::core {

class Group;
class IoChannel;

/// Moves a connection from the engine that accepted it to another one. While the connection lives there, it
/// reports to the listener's engine what concerns the listener's limits. Reactor thread of the target, unless
/// stated otherwise.
class Handover final : public std::enable_shared_from_this<Handover>, private machines::Admission::Relay {
public:
    Handover(const std::shared_ptr<Group>& listeners, std::shared_ptr<Group> target,
             std::unique_ptr<transport::DetachedStream> stream);
    /// Any thread.
    ~Handover();

    /// Counts the connection against the limits of the listener and starts the move. The listener's reactor
    /// thread. If it throws std::bad_alloc, the connection is closed. False: the other engine is gone, and
    /// the connection is closed.
    bool start(const std::shared_ptr<machines::Admission>& admission, std::string_view peer);

private:
    class Seat;

    void open() noexcept;
    void evict() noexcept;
    void onStoppedWaiting() noexcept override;
    void onLeft() noexcept override;

    const std::shared_ptr<Group> target_;
    std::unique_ptr<transport::DetachedStream> stream_;  // until it is opened
    std::shared_ptr<Seat> seat_;    // until the connection has left the listener's limits
    IoChannel* channel_ = nullptr;  // the same, once the channel exists
    bool isSilent_ = true;          // it has not said hello

    OwnTask<Handover, &Handover::open> opening_{*this};
    OwnTask<Handover, &Handover::evict> evicting_{*this};
};

}  // namespace tempeh::core
