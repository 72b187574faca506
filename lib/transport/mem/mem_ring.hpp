#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

namespace tempeh::transport {

/// One direction of a connection in memory: bytes between one writer and one reader, each on any thread.
/// Lock-free. The order of its atomics is sequential, so that MemConnection's flags ("I wait for input") can
/// be set and asked without a lock.
class MemRing {
public:
    /// Two of the longest messages. Beyond that, more only leaves the cache.
    static constexpr std::size_t capacity = 256 * 1024;

    // The writer's.

    std::size_t room() const noexcept {
        return capacity - (written_.load(std::memory_order_relaxed) - read_.load());
    }
    /// Takes what there is room for.
    std::size_t write(std::span<const std::span<const std::byte>> from) noexcept {
        const std::size_t start = written_.load(std::memory_order_relaxed);
        std::size_t free = capacity - (start - read_.load(std::memory_order_acquire));
        std::size_t at = start;
        for (const std::span<const std::byte> part : from) {
            const std::size_t size = std::min(part.size(), free);
            copyIn(at, part.first(size));
            at += size;
            free -= size;
            if (free == 0) break;
        }
        if (at != start) written_.store(at);
        return at - start;
    }

    // The reader's.

    std::size_t unread() const noexcept { return written_.load() - read_.load(std::memory_order_relaxed); }
    std::size_t read(std::span<const std::span<std::byte>> into) noexcept {
        const std::size_t start = read_.load(std::memory_order_relaxed);
        std::size_t left = written_.load(std::memory_order_acquire) - start;
        std::size_t at = start;
        for (const std::span<std::byte> part : into) {
            const std::size_t size = std::min(part.size(), left);
            copyOut(at, part.first(size));
            at += size;
            left -= size;
            if (left == 0) break;
        }
        if (at != start) read_.store(at);
        return at - start;
    }

private:
    static constexpr std::size_t cacheLine = 64;
    static_assert((capacity & (capacity - 1)) == 0);  // positions may wrap around

    void copyIn(std::size_t at, std::span<const std::byte> bytes) noexcept {
        const std::size_t place = at % capacity;
        const std::size_t first = std::min(bytes.size(), capacity - place);
        if (first != 0) std::memcpy(bytes_.get() + place, bytes.data(), first);
        if (first != bytes.size()) std::memcpy(bytes_.get(), bytes.data() + first, bytes.size() - first);
    }
    void copyOut(std::size_t at, std::span<std::byte> bytes) const noexcept {
        const std::size_t place = at % capacity;
        const std::size_t first = std::min(bytes.size(), capacity - place);
        if (first != 0) std::memcpy(bytes.data(), bytes_.get() + place, first);
        if (first != bytes.size()) std::memcpy(bytes.data() + first, bytes_.get(), bytes.size() - first);
    }

    // Uninitialized: the system gives pages as they are first used.
    const std::unique_ptr<std::byte[]> bytes_{new std::byte[capacity]};
    alignas(cacheLine) std::atomic<std::size_t> written_{0};
    alignas(cacheLine) std::atomic<std::size_t> read_{0};
};

}  // namespace tempeh::transport
