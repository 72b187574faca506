#include "core/message_ids.hpp"

#include <atomic>

namespace tempeh::core {

MessageId nextMessageId() noexcept {
    constexpr MessageId blockSize = 1024;
    static constinit std::atomic<MessageId> nextBlock{1};
    thread_local constinit MessageId next = 0;
    thread_local constinit MessageId end = 0;
    if (next == end) {
        next = nextBlock.fetch_add(blockSize, std::memory_order_relaxed);
        end = next + blockSize;
    }
    return next++;
}

}  // namespace tempeh::core
