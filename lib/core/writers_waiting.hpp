#pragma once

#include <tempeh/core/detail/group_backend.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>

namespace tempeh::core {

/// The waitWritables of one channel, in order of arrival and of deadline, so that none of thousands is looked
/// at for the sake of another. The waiters are not owned. Reactor thread.
class WritersWaiting {
public:
    bool empty() const noexcept { return arrivals_.empty(); }
    /// O(log n) with a deadline, else O(1).
    void add(detail::Waiter& waiter) noexcept {
        arrivals_.push_back(waiter);
        if (waiter.deadline != TimePoint::max()) deadlines_.insert(waiter);
    }
    /// O(1). Of the waiters in here.
    void remove(detail::Waiter& waiter) noexcept {
        arrivals_.erase(arrivals_.iterator_to(waiter));
        if (waiter.detail::WaiterDeadlineHook::is_linked()) deadlines_.erase(deadlines_.iterator_to(waiter));
    }
    /// Not empty: who came first.
    detail::Waiter& front() noexcept { return arrivals_.front(); }
    /// TimePoint::max(): none has a deadline.
    TimePoint nextDeadline() const noexcept {
        return deadlines_.empty() ? TimePoint::max() : deadlines_.begin()->deadline;
    }
    /// Whose deadline is the next; there is one.
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
