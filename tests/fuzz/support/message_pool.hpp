#pragma once

#include "support/pool_fixture.hpp"

namespace tempeh::fuzz {

/// The messages of a target. What a message held beyond a few KiB is given back with it, so that a sanitizer
/// sees the next one's true size.
inline MessagePool& messagePool() {
    constexpr std::size_t keptHeap = 4096;
    static const test::PoolHandle pool(MessagePool::create({8, 1024, keptHeap, std::size_t{1} << 20}));
    static const test::OwnerScope owner(*pool);
    return *pool;
}

/// As new.
inline MessagePtr newMessage() {
    return messagePool().get(AllocationStrategy::Always);
}

}  // namespace tempeh::fuzz
