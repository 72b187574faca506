#pragma once

#include "core/job.hpp"
#include "machines/admission.hpp"
#include "transport/stream.hpp"

#include <memory>
#include <string_view>

namespace tempeh::core {

class Group;
class IoChannel;

/// A connection on its way from the engine that accepted it to the one that is to have it, and, for as long
/// as it lives there, what it has to tell its listener's engine. Reactor thread of the target, where nothing
/// else is said.
class Handover final : public std::enable_shared_from_this<Handover>, private machines::Admission::Relay {
public:
    Handover(const std::shared_ptr<Group>& listeners, std::shared_ptr<Group> target,
             std::unique_ptr<transport::DetachedStream> stream);
    /// Any thread.
    ~Handover();

    /// Counts against the limits of the listener from now on, and sets out. The listener's reactor thread.
    /// Throws std::bad_alloc, and the connection is closed. False: the other engine is gone, likewise.
    bool start(const std::shared_ptr<machines::Admission>& admission, std::string_view peer);

private:
    class Seat;

    void open() noexcept;
    void evict() noexcept;
    void onStoppedWaiting() noexcept override;
    void onLeft() noexcept override;

    const std::shared_ptr<Group> target_;
    std::unique_ptr<transport::DetachedStream> stream_;  // until it is opened
    std::shared_ptr<Seat> seat_;                         // until it has left
    IoChannel* channel_ = nullptr;                       // likewise, once there is one

    OwnJob<Handover, &Handover::open> opening_{*this};
    OwnJob<Handover, &Handover::evict> evicting_{*this};
};

}  // namespace tempeh::core
