#pragma once

#include "transport/clock.hpp"

#include <tempeh/core/asio.hpp>

#include <boost/intrusive/set.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace tempeh::core {

/// When a timeout that starts now expires: TimePoint::max() for an infinite one, TimePoint::min() for one
/// that does not wait.
inline TimePoint deadlineAfter(Duration timeout, const transport::Clock& clock = {}) noexcept {
    if (timeout == infinite) return TimePoint::max();
    if (timeout <= Duration::zero()) return TimePoint::min();
    return timeAfter(clock.now(), timeout);
}

class Deadlines;

using DeadlineHook =
    boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>,
                                    boost::intrusive::optimize_size<true>>;

/// A function to call at a given time; a member of the object that waits. Armed through Deadlines; destroying
/// it disarms it. Same thread as its Deadlines.
class Deadline : public DeadlineHook {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Callback = void (*)(void* context) noexcept;

    Deadline(Callback callback, void* context) noexcept : callback_(callback), context_(context) {}
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    bool isArmed() const noexcept { return when_ != never; }
    /// TimePoint::max() when not armed.
    TimePoint when() const noexcept { return when_; }

private:
    friend class Deadlines;
    static constexpr TimePoint never = TimePoint::max();

    // The position in the tree is updated lazily: it is never later than `when_`, and is corrected when it
    // comes up. This makes postponing or disarming a deadline a single store.
    TimePoint place_ = never;  // never: not in the tree
    TimePoint when_ = never;
    Callback callback_;
    void* context_;
};

/// The deadlines of one reactor in order of time. Contains no clock and no timer: the owner arms one timer at
/// next() and calls runExpired(). One thread. Never allocates.
class Deadlines {
public:
    using TimePoint = Deadline::TimePoint;

    Deadlines() noexcept = default;
    /// Disarms the remaining deadlines.
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    /// Arms or moves the deadline; TimePoint::max() disarms it. One compare and one store when its previous
    /// time was earlier (even if it was cancelled since), otherwise O(log n). True: next() may have become
    /// earlier.
    bool set(Deadline& deadline, TimePoint when) noexcept {
        if (when >= deadline.place_) [[likely]] {
            deadline.when_ = when;
            return false;
        }
        return insert(deadline, when);
    }

    /// Disarms; one store. A stale position may remain, which costs one check when its time comes.
    static void cancel(Deadline& deadline) noexcept { deadline.when_ = Deadline::never; }

    /// When to call runExpired() next: never later than the first armed deadline, but possibly earlier.
    std::optional<TimePoint> next() const noexcept;

    /// Disarms and calls every expired deadline, in order of time; returns how many. Callbacks may set,
    /// cancel and destroy any deadline, including their own. What they set to `now` or earlier runs in the
    /// next call, so one call is bounded by the deadlines it found. A nested call from a callback does
    /// nothing.
    std::size_t runExpired(TimePoint now) noexcept;

private:
    struct PlaceOf {
        using type = TimePoint;
        const type& operator()(const Deadline& deadline) const noexcept { return deadline.place_; }
    };
    using Tree = boost::intrusive::multiset<Deadline, boost::intrusive::base_hook<DeadlineHook>,
                                            boost::intrusive::key_of_value<PlaceOf>,
                                            boost::intrusive::constant_time_size<false>>;

    bool insert(Deadline& deadline, TimePoint when) noexcept;
    static void clear(Tree& tree) noexcept;

    Tree tree_;
    Tree postponed_;  // set by a callback to a time that runExpired() has already passed
    std::optional<TimePoint> runningUntil_;  // set while runExpired() runs
};

}  // namespace tempeh::core
