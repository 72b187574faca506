#pragma once

#include "base/thread_token.hpp"
#include "message/message_pool.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tempeh::test {

struct ClosePool {
    void operator()(MessagePool* pool) const noexcept { pool->close(); }
};
using PoolHandle = std::unique_ptr<MessagePool, ClosePool>;

constexpr std::size_t plenty = 1 << 20;

/// A pool without a heap limit that matters.
inline PoolHandle makePool(std::size_t initial, std::size_t max) {
    return PoolHandle(MessagePool::create({initial, max, plenty, plenty}));
}

/// Makes the calling thread the owner of a pool for a while; not `on`: only makes sure that it has none.
class OwnerScope {
public:
    explicit OwnerScope(MessagePool& pool, bool on = true) : pool_(pool), scope_(on ? &pool : nullptr) {
        pool_.setOwner(on ? &pool : nullptr);
    }
    ~OwnerScope() { pool_.setOwner(nullptr); }
    OwnerScope(const OwnerScope&) = delete;
    OwnerScope& operator=(const OwnerScope&) = delete;

private:
    MessagePool& pool_;
    base::ThreadTokenScope scope_;
};

/// All messages that PoolOnly gives.
inline std::vector<MessagePtr> drain(MessagePool& pool) {
    std::vector<MessagePtr> messages;
    while (MessagePtr message = pool.get(AllocationStrategy::PoolOnly))
        messages.push_back(std::move(message));
    return messages;
}

}  // namespace tempeh::test
