#include "core/group/message_ids.hpp"

#include <atomic>

namespace tempeh::core::ids {

void refill(Block& taken) noexcept {
    constexpr MessageId blockSize = 1024;
    static constinit std::atomic<MessageId> nextBlock{1};
    taken.next = nextBlock.fetch_add(blockSize, std::memory_order_relaxed);
    taken.end = taken.next + blockSize;
}

}  // namespace tempeh::core::ids
