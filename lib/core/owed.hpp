#pragma once

#include "message/message_pool.hpp"

#include <cstdint>
#include <utility>

namespace tempeh::core {

/// What a message left undone that it owes no longer, for who is to tell that when it has given its locks
/// back.
class Owed {
public:
    Owed() noexcept = default;
    /// `whose`: the pool of the engine that it is owed to.
    Owed(std::uint64_t obligation, MessagePool::Hold whose) noexcept
        : obligation_(obligation), whose_(std::move(whose)) {}

    /// Tells that engine; no lock held.
    void settle() noexcept {
        if (PoolListener* const engine = whose_.listener()) engine->onObligationDropped(obligation_);
    }

private:
    std::uint64_t obligation_ = 0;
    MessagePool::Hold whose_;
};

}  // namespace tempeh::core
