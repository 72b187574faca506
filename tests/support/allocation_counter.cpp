#include "support/allocation_counter.hpp"

#include "support/scale.hpp"

#include <atomic>
#include <cstdlib>
#include <malloc.h>
#include <new>

// Clang's thread sanitizer links its own into the program, where a second definition is an error.
#if defined(__clang__) && defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEMPEH_TEST_OPERATOR_NEW_TAKEN
#endif
#endif

namespace {

std::atomic<std::uint64_t> allocations{0};
thread_local bool hasNoMemory = false;

[[maybe_unused]] void* allocate(std::size_t size) {
    if (hasNoMemory) throw std::bad_alloc();
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
    throw std::bad_alloc();
}

[[maybe_unused]] void* allocate(std::size_t size, std::align_val_t alignment) {
    if (hasNoMemory) throw std::bad_alloc();
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* block = ::memalign(static_cast<std::size_t>(alignment), size == 0 ? 1 : size)) return block;
    throw std::bad_alloc();
}

}  // namespace

namespace tempeh::test {

std::uint64_t allocationCount() noexcept {
    return allocations.load(std::memory_order_relaxed);
}

NoMemory::NoMemory() noexcept {
    hasNoMemory = true;
}

NoMemory::~NoMemory() {
    hasNoMemory = false;
}

bool hasOperatorNew() noexcept {
#ifdef TEMPEH_TEST_OPERATOR_NEW_TAKEN
    return false;
#else
    return true;
#endif
}

}  // namespace tempeh::test

#ifndef TEMPEH_TEST_SANITIZED
// Asio's handlers and coroutine frames come from here, past operator new. A sanitizer has a replacement of
// its own for it.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return ::memalign(alignment, size);
}
#endif

#ifndef TEMPEH_TEST_OPERATOR_NEW_TAKEN
// The array forms of the standard library call these; a sanitizer's nothrow form does not.
void* operator new(std::size_t size) {
    return allocate(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    if (hasNoMemory) return nullptr;
    allocations.fetch_add(1, std::memory_order_relaxed);
    return std::malloc(size == 0 ? 1 : size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, alignment);
}
void operator delete(void* block) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
    std::free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    std::free(block);
}
#endif
