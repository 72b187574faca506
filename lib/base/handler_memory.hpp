#pragma once

#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

namespace tempeh::base {

/// Memory for one handler of up to `Size` bytes at a time, so that posting it allocates nothing. A second or
/// a larger handler comes from the heap. Any thread.
template <std::size_t Size>
class HandlerMemoryOf {
public:
    HandlerMemoryOf() = default;
    HandlerMemoryOf(const HandlerMemoryOf&) = delete;
    HandlerMemoryOf& operator=(const HandlerMemoryOf&) = delete;

    void* take(std::size_t size) {
        if (void* memory = tryTake(size)) return memory;
        return ::operator new(size);
    }
    void give(void* memory) noexcept {
        if (!tryGive(memory)) ::operator delete(memory);
    }

    /// Null when the memory is in use or too small.
    void* tryTake(std::size_t size) noexcept {
        const bool isTaken = size <= sizeof(bytes_) && !busy_.exchange(true, std::memory_order_acquire);
        return isTaken ? bytes_ : nullptr;
    }
    /// False when `memory` does not belong to this object.
    bool tryGive(const void* memory) noexcept {
        if (memory != bytes_) return false;
        busy_.store(false, std::memory_order_release);
        return true;
    }

private:
    alignas(std::max_align_t) std::byte bytes_[Size];
    std::atomic<bool> busy_{false};
};

/// For handlers that resume something.
using HandlerMemory = HandlerMemoryOf<192>;

/// Memory for a handler that goes through a strand, which allocates some for itself beside the handler's.
class StrandHandlerMemory {
public:
    void* take(std::size_t size) {
        for (HandlerMemory& one : memory_)
            if (void* memory = one.tryTake(size)) return memory;
        return ::operator new(size);
    }
    void give(void* memory) noexcept {
        for (HandlerMemory& one : memory_)
            if (one.tryGive(memory)) return;
        ::operator delete(memory);
    }

private:
    HandlerMemory memory_[3];
};

/// The standard allocator form of HandlerMemory. `Pointer` is either a plain pointer to memory that outlives
/// the handler, or a shared pointer that keeps it alive.
template <typename T, typename Pointer>
class HandlerAllocator {
public:
    using value_type = T;
    template <typename U>
    struct rebind {
        using other = HandlerAllocator<U, Pointer>;
    };

    explicit HandlerAllocator(Pointer memory) noexcept : memory_(std::move(memory)) {}
    template <typename U>  // NOLINTNEXTLINE(google-explicit-constructor): allocators convert
    HandlerAllocator(const HandlerAllocator<U, Pointer>& other) noexcept : memory_(other.memory_) {}

    T* allocate(std::size_t count) { return static_cast<T*>(memory_->take(sizeof(T) * count)); }
    void deallocate(T* pointer, std::size_t) noexcept { memory_->give(pointer); }

    template <typename U>
    bool operator==(const HandlerAllocator<U, Pointer>& other) const noexcept {
        return memory_ == other.memory_;
    }

private:
    template <typename U, typename P>
    friend class HandlerAllocator;

    Pointer memory_;
};

}  // namespace tempeh::base
