#pragma once

#include "base/repeat_limiter.hpp"

#include <chrono>
#include <string>

namespace tempeh::core {

class Channel;
class Engine;
class Group;

/// Tells the application, through its mailbox and the log, that a group cannot receive because no messages
/// are free. Reactor thread.
class PoolShortage {
public:
    explicit PoolShortage(Engine& engine) noexcept : engine_(engine) {}

    /// Sends one notice for the whole shortage, however many messages and channels it stops. Throws
    /// std::bad_alloc.
    void announce(const Channel& channel);

private:
    std::string describe(const Group& group) const;
    void warn(const Group& group) noexcept;

    Engine& engine_;
    base::RepeatLimiter warnings_{std::chrono::minutes(1)};  // near the limit, shortages recur constantly
};

}  // namespace tempeh::core
