#pragma once

#include "fuzz/support/fuzz_target.hpp"

#include <cstring>
#include <memory>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TEMPEH_FUZZ_FENCE 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TEMPEH_FUZZ_FENCE 1
#endif
#if defined(TEMPEH_FUZZ_FENCE)
#include <sanitizer/asan_interface.h>
#endif

namespace tempeh::fuzz {

/// Memory whose part behind the content AddressSanitizer guards: as good as a block of the content's size,
/// without the allocation.
class Fence {
public:
    explicit Fence(std::size_t capacity) : bytes_(new std::byte[capacity]), capacity_(capacity) {}
    ~Fence() { open(); }
    Fence(const Fence&) = delete;
    Fence& operator=(const Fence&) = delete;

    /// Exactly `size` bytes, at most the capacity; until the next call.
    std::span<std::byte> resize(std::size_t size) noexcept {
        open();
#if defined(TEMPEH_FUZZ_FENCE)
        __asan_poison_memory_region(bytes_.get() + size, capacity_ - size);
#endif
        return {bytes_.get(), size};
    }

    /// A copy of `content`; until the next call.
    Bytes hold(Bytes content) noexcept {
        const std::span<std::byte> room = resize(content.size());
        if (!content.empty()) std::memcpy(room.data(), content.data(), content.size());
        return room;
    }

    std::size_t capacity() const noexcept { return capacity_; }

private:
    void open() noexcept {
#if defined(TEMPEH_FUZZ_FENCE)
        __asan_unpoison_memory_region(bytes_.get(), capacity_);
#endif
    }

    std::unique_ptr<std::byte[]> bytes_;
    std::size_t capacity_;
};

}  // namespace tempeh::fuzz
