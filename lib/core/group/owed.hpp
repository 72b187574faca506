#pragma once

#include "message/message_access.hpp"
#include "message/message_pool.hpp"

#include <cstdint>
#include <utility>

namespace tempeh::core {

/// A message's open obligation, detached for the duration of a post: settled when the post succeeds, given
/// back when the message is refused.
class Owed {
public:
    Owed() noexcept = default;
    /// `whose`: the pool of the engine to notify; empty: none.
    explicit Owed(std::uint64_t obligation, MessagePool::Hold whose = {}) noexcept
        : obligation_(obligation), whose_(std::move(whose)) {}

    /// Notifies that engine that the obligation is settled. Call it without a lock.
    void settle() noexcept {
        if (PoolListener* const engine = whose_.listener()) engine->onObligationDropped(obligation_);
    }
    /// Restores the obligation of a message that stays with the caller.
    void giveBack(Message& message) noexcept { detail::MessageAccess::setObligation(message, obligation_); }

private:
    std::uint64_t obligation_ = 0;
    MessagePool::Hold whose_;
};

}  // namespace tempeh::core
