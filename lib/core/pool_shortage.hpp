#pragma once

#include "base/repeat_limiter.hpp"

#include <chrono>
#include <string>

namespace tempeh::core {

class Channel;
class Engine;
class Group;

/// Tells the application, in its mailbox and in the log, that a group cannot receive for want of messages.
/// Reactor thread.
class PoolShortage {
public:
    explicit PoolShortage(Engine& engine) noexcept : engine_(engine) {}

    /// One notice for the whole shortage, however many messages and channels it stops. Throws
    /// std::bad_alloc.
    void announce(const Channel& channel);

private:
    std::string describe(const Group& group) const;
    void warn(const Group& group) noexcept;

    Engine& engine_;
    base::RepeatLimiter warnings_{std::chrono::minutes(1)};  // at the edge it runs short all the time
};

}  // namespace tempeh::core
