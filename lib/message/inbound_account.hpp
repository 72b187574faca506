#pragma once

#include <atomic>
#include <cstdint>

namespace tempeh {
class MessagePool;
}

namespace tempeh::detail {

/// Counts how many received messages of one group are out: delivered and not yet returned, nor sent if they
/// were posted again. The reactor thread counts deliveries; the thread that returns a message counts the
/// return. The pool owns the account, so a message may outlive its group.
struct InboundAccount {
    std::uint64_t delivered = 0;        // reactor thread only
    std::uint64_t returnedByOwner = 0;  // reactor thread only
    std::atomic<std::uint64_t> returnedElsewhere{0};
    MessagePool* pool = nullptr;  // set by the pool; knows which thread is the reactor's

    /// Reactor thread only.
    std::uint64_t outstanding() const noexcept {
        return delivered - returnedByOwner - returnedElsewhere.load(std::memory_order_acquire);
    }
};

}  // namespace tempeh::detail
