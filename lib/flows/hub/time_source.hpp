#pragma once

#include <tempeh/core/asio.hpp>
#include <tempeh/core/channel_group.hpp>

namespace tempeh::flows::detail {

/// The time of an engine, and the only place in flows that reads it. Waiting does not: every deadline of a
/// Hub goes through the receive timeout of its group, and so through the engine.
class TimeSource {
public:
    /// The time of the group's engine, which may be gone before the group.
    explicit TimeSource(const ChannelGroup& group) noexcept : group_(group) {}

    TimePoint now() const noexcept { return group_.now(); }

    /// max() for no timeout, min() for one that passes at once.
    TimePoint after(Duration timeout) const noexcept {
        if (timeout == infinite) return TimePoint::max();
        if (timeout <= Duration::zero()) return TimePoint::min();
        return timeAfter(now(), timeout);
    }

    /// The time left until then; never negative.
    Duration until(TimePoint deadline) const noexcept {
        if (deadline == TimePoint::max()) return infinite;
        if (deadline == TimePoint::min()) return Duration::zero();
        const TimePoint start = now();
        return deadline > start ? deadline - start : Duration::zero();
    }

private:
    const ChannelGroup& group_;
};

}  // namespace tempeh::flows::detail
