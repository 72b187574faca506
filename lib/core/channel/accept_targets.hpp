#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/accept_policy.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace tempeh::core {

class Group;
class Log;

/// Chooses the group that gets a connection accepted by a group's listeners: one of several groups, of this
/// engine or of others. Set on any thread; choose() runs on the reactor thread of the listeners' engine.
class AcceptTargets {
public:
    /// Empty `members`: the listeners' own group. Groups that have ended are skipped.
    void set(std::vector<std::weak_ptr<Group>> members, AcceptPolicy policy) TEMPEH_EXCLUDES(mutex_);
    /// Null: the listeners' own group. Throws std::bad_alloc.
    std::shared_ptr<Group> choose(std::string_view peer, const Log& log) const TEMPEH_EXCLUDES(mutex_);

private:
    struct Data {
        std::vector<std::weak_ptr<Group>> members;
        AcceptPolicy policy;
    };

    mutable base::Mutex mutex_;
    std::shared_ptr<const Data> data_ TEMPEH_GUARDED_BY(mutex_);  // null: the listeners' own group
};

}  // namespace tempeh::core
