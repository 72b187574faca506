#pragma once

#include <tempeh/core/detail/group_backend.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

namespace tempeh::core {

/// The waiters of waitWritable() on one channel, ordered by arrival and by deadline, so that handling one of
/// thousands does not touch the others. Does not own them. Reactor thread.
class WritersWaiting {
public:
    bool empty() const noexcept { return arrivals_.empty(); }
    /// O(log n) with a deadline, otherwise O(1).
    void add(detail::Waiter& waiter) noexcept {
        arrivals_.push_back(waiter);
        if (waiter.deadline != TimePoint::max()) deadlines_.insert(waiter);
    }
    /// O(1). The waiter must be in here.
    void remove(detail::Waiter& waiter) noexcept {
        arrivals_.erase(arrivals_.iterator_to(waiter));
        if (waiter.detail::WaiterDeadlineHook::is_linked()) deadlines_.erase(deadlines_.iterator_to(waiter));
    }
    /// The first to arrive; must not be empty.
    detail::Waiter& front() noexcept { return arrivals_.front(); }
    /// TimePoint::max(): none has a deadline.
    TimePoint nextDeadline() const noexcept {
        return deadlines_.empty() ? TimePoint::max() : deadlines_.begin()->deadline;
    }
    /// The waiter with the next deadline; there must be one.
    detail::Waiter& nextToExpire() noexcept { return *deadlines_.begin(); }

private:
    struct DeadlineOf {
        using type = TimePoint;
        const type& operator()(const detail::Waiter& waiter) const noexcept { return waiter.deadline; }
    };
    boost::intrusive::list<detail::Waiter, boost::intrusive::constant_time_size<false>> arrivals_;
    boost::intrusive::multiset<detail::Waiter, boost::intrusive::base_hook<detail::WaiterDeadlineHook>,
                               boost::intrusive::key_of_value<DeadlineOf>,
                               boost::intrusive::constant_time_size<false>>
        deadlines_;
};

}  // namespace tempeh::core
