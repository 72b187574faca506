#pragma once

#include <tempeh/message/op_code.hpp>

namespace tempeh::core {

namespace ids {

/// The unused ids of this thread's block.
struct Block {
    MessageId next = 0;
    MessageId end = 0;
};
inline thread_local constinit Block block;

/// Takes another block.
void refill(Block& taken) noexcept;

}  // namespace ids

/// A message id that is unique in this process: sequential per thread, taken from a common counter in blocks,
/// so that threads do not contend for it. Any thread; about a nanosecond.
inline MessageId nextMessageId() noexcept {
    ids::Block& block = ids::block;
    if (block.next == block.end) [[unlikely]]
        refill(block);
    return block.next++;
}

}  // namespace tempeh::core
