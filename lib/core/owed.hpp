#pragma once

#include "message/message_access.hpp"
#include "message/message_pool.hpp"

#include <cstdint>
#include <utility>

namespace tempeh::core {

/// What a message left undone, taken off it for the time of a post: settled when the post succeeds, given
/// back when the message is refused.
class Owed {
public:
    Owed() noexcept = default;
    /// `whose`: the pool of the engine that is to be told; empty: nobody is.
    explicit Owed(std::uint64_t obligation, MessagePool::Hold whose = {}) noexcept
        : obligation_(obligation), whose_(std::move(whose)) {}

    /// Tells that engine that it is owed no longer; no lock held.
    void settle() noexcept {
        if (PoolListener* const engine = whose_.listener()) engine->onObligationDropped(obligation_);
    }
    /// The message it was taken off is the caller's as before.
    void giveBack(Message& message) noexcept { detail::MessageAccess::setObligation(message, obligation_); }

private:
    std::uint64_t obligation_ = 0;
    MessagePool::Hold whose_;
};

}  // namespace tempeh::core
