#include "core/channel/accept_targets.hpp"

#include "core/group/group.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace tempeh::core {

namespace {

/// The groups that can take a connection now, and how many channels the engine of each has.
struct Candidates {
    std::vector<std::shared_ptr<Group>> groups;
    std::vector<std::size_t> connected;
};

std::size_t indexOfFewest(const std::vector<std::size_t>& connected) {
    return static_cast<std::size_t>(std::ranges::min_element(connected) - connected.begin());
}

/// Every member keeps its index for the policy; one that cannot take a connection counts as overfull.
Candidates candidatesOf(const std::vector<std::weak_ptr<Group>>& members) {
    constexpr std::size_t overfull = static_cast<std::size_t>(-1);
    Candidates found;
    for (const std::weak_ptr<Group>& member : members) {
        std::shared_ptr<Group> group = member.lock();
        if (group != nullptr && !group->isOpen()) group.reset();
        found.connected.push_back(group != nullptr ? group->engine().life().liveChannels() : overfull);
        found.groups.push_back(std::move(group));
    }
    return found;
}

}  // namespace

void AcceptTargets::set(std::vector<std::weak_ptr<Group>> members, AcceptPolicy policy) {
    std::shared_ptr<const Data> data;
    if (!members.empty()) data = std::make_shared<Data>(Data{std::move(members), std::move(policy)});
    const base::MutexLock lock(mutex_);
    data_.swap(data);
}

std::shared_ptr<Group> AcceptTargets::choose(std::string_view peer, const Log& log) const {
    std::shared_ptr<const Data> data;
    {
        const base::MutexLock lock(mutex_);
        data = data_;
    }
    if (data == nullptr) return nullptr;
    const Candidates candidates = candidatesOf(data->members);
    const std::size_t count = candidates.groups.size();
    std::size_t chosen = count;
    try {
        if (data->policy) chosen = data->policy({.peerAddress = peer, .connected = candidates.connected});
    } catch (const std::exception& failure) {
        log.warn(std::string("an AcceptPolicy threw, the member with the fewest channels is taken: ") +
                 failure.what());
    } catch (...) {
        log.warn("an AcceptPolicy threw, the member with the fewest channels is taken");
    }
    if (chosen >= count || candidates.groups[chosen] == nullptr) chosen = indexOfFewest(candidates.connected);
    return candidates.groups[chosen];
}

}  // namespace tempeh::core
