#pragma once

#include "transport/clock.hpp"

#include <tempeh/core/asio.hpp>

#include <boost/intrusive/set.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace tempeh::core {

/// When a timeout that starts now passes: the far end of the clock for one that never does, its beginning for
/// one that does not wait.
inline TimePoint deadlineAfter(Duration timeout, const transport::Clock& clock = {}) noexcept {
    if (timeout == infinite) return TimePoint::max();
    if (timeout <= Duration::zero()) return TimePoint::min();
    return timeAfter(clock.now(), timeout);
}

class Deadlines;

using DeadlineHook =
    boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>,
                                    boost::intrusive::optimize_size<true>>;

/// A moment at which a function is to be called; a member of whatever waits. Armed through Deadlines;
/// destroying it disarms it. Same thread as its Deadlines.
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

    // The place in the tree is lazy: it is never later than `when_`, and is put right when its turn comes.
    // That makes moving a deadline forward, and disarming it, a single store.
    TimePoint place_ = never;  // never: not in the tree
    TimePoint when_ = never;
    Callback callback_;
    void* context_;
};

/// The deadlines of one reactor in order of time. Knows no clock and no timer: the owner arms one timer at
/// next() and calls runExpired(). One thread. Never allocates.
class Deadlines {
public:
    using TimePoint = Deadline::TimePoint;

    Deadlines() noexcept = default;
    /// Disarms what is left.
    ~Deadlines();
    Deadlines(const Deadlines&) = delete;
    Deadlines& operator=(const Deadlines&) = delete;

    /// Arms the deadline, or moves it; TimePoint::max() disarms it. One compare and one store when it was set
    /// to an earlier time before (even if it was cancelled since), else O(log n). True: next() may be earlier
    /// than it was.
    bool set(Deadline& deadline, TimePoint when) noexcept {
        if (when >= deadline.place_) [[likely]] {
            deadline.when_ = when;
            return false;
        }
        return insert(deadline, when);
    }

    /// Disarms; one store. A stale place may remain, which costs one look when its time comes.
    static void cancel(Deadline& deadline) noexcept { deadline.when_ = Deadline::never; }

    /// When runExpired() is to be called next: never later than the first armed deadline, but perhaps
    /// earlier.
    std::optional<TimePoint> next() const noexcept;

    /// Calls every deadline whose time has come, disarmed, in order of time; returns how many. The callbacks
    /// may set, cancel and destroy any deadline, their own too. What they set to `now` or before runs in the
    /// next call, so one call is bounded by the deadlines it found. A call from inside a callback does
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
    Tree postponed_;  // set by a callback to a time that runExpired() has already reached
    std::optional<TimePoint> runningUntil_;  // engaged while runExpired() runs
};

}  // namespace tempeh::core
