#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/message/status.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tempeh::core {

class Engine;
class Group;
class InboundBudget;

/// The groups of an engine; tells the budget how many share the pool. Any thread; its lock is held only
/// briefly.
class GroupList {
public:
    explicit GroupList(InboundBudget& budget) noexcept : budget_(budget) {}
    ~GroupList();
    GroupList(const GroupList&) = delete;
    GroupList& operator=(const GroupList&) = delete;

    /// Creates a group. Null with ShutdownStarted after close(), or with AllocationFailed.
    std::shared_ptr<Group> create(const std::shared_ptr<Engine>& engine, Status& status) noexcept
        TEMPEH_EXCLUDES(mutex_);
    /// Constant time; the last group takes its place.
    void remove(Group& group) noexcept TEMPEH_EXCLUDES(mutex_);
    /// No further group can be created.
    void close() noexcept TEMPEH_EXCLUDES(mutex_);

    std::size_t size() const noexcept TEMPEH_EXCLUDES(mutex_);
    /// Null from size() on. Allows visiting all groups without allocating a list and without the lock.
    std::shared_ptr<Group> at(std::size_t place) const noexcept TEMPEH_EXCLUDES(mutex_);
    /// The group that holds most of the pool; null when there is none. Reactor thread.
    std::shared_ptr<Group> findLargestHolder() const noexcept TEMPEH_EXCLUDES(mutex_);

private:
    void share() noexcept TEMPEH_REQUIRES(mutex_);

    InboundBudget& budget_;
    mutable base::Mutex mutex_;
    std::vector<std::shared_ptr<Group>> groups_ TEMPEH_GUARDED_BY(mutex_);
    std::uint64_t made_ TEMPEH_GUARDED_BY(mutex_) = 0;
    bool isClosed_ TEMPEH_GUARDED_BY(mutex_) = false;
};

}  // namespace tempeh::core
