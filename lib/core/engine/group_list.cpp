#include "core/engine/group_list.hpp"

#include "core/engine/inbound_budget.hpp"
#include "core/group/group.hpp"

#include <algorithm>
#include <new>

namespace tempeh::core {

GroupList::~GroupList() = default;

void GroupList::share() noexcept {
    budget_.shareAmong(groups_.size());
}

std::shared_ptr<Group> GroupList::create(const std::shared_ptr<Engine>& engine, Status& status) noexcept {
    const base::MutexLock lock(mutex_);
    if (isClosed_) {
        status = Status::ShutdownStarted;
        return nullptr;
    }
    try {
        // First of all, because a group is hard to undo once created.
        if (groups_.size() == groups_.capacity())
            groups_.reserve(std::max<std::size_t>(2 * groups_.size(), 8));
        groups_.push_back(std::make_shared<Group>(engine, ++made_));
    } catch (const std::bad_alloc&) {
        status = Status::AllocationFailed;
        return nullptr;
    }
    groups_.back()->place = groups_.size() - 1;
    share();
    status = Status::Success;
    return groups_.back();
}

void GroupList::remove(Group& group) noexcept {
    const base::MutexLock lock(mutex_);
    groups_[group.place].swap(groups_.back());
    groups_[group.place]->place = group.place;
    groups_.pop_back();
    share();
}

void GroupList::close() noexcept {
    const base::MutexLock lock(mutex_);
    isClosed_ = true;
}

std::size_t GroupList::size() const noexcept {
    const base::MutexLock lock(mutex_);
    return groups_.size();
}

std::shared_ptr<Group> GroupList::at(std::size_t place) const noexcept {
    const base::MutexLock lock(mutex_);
    return place < groups_.size() ? groups_[place] : nullptr;
}

std::shared_ptr<Group> GroupList::findLargestHolder() const noexcept {
    const base::MutexLock lock(mutex_);
    std::shared_ptr<Group> largest;
    for (const std::shared_ptr<Group>& group : groups_) {
        if (group->inbound.account() == nullptr) continue;
        if (largest == nullptr || group->inbound.holds() > largest->inbound.holds()) largest = group;
    }
    return largest;
}

}  // namespace tempeh::core
