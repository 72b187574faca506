#pragma once

#include <tempeh/base/detail/mutex.hpp>
#include <tempeh/core/accept_policy.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace tempeh::core {

class Group;
class Log;

/// Where the connections go that the listeners of a group accept: one of some groups, of this engine or of
/// others. Set on any thread; asked on the reactor thread of the listeners' engine.
class AcceptTargets {
public:
    /// Empty: the listeners' own group. Groups that are gone are passed over.
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
