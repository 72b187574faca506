// operator new and aligned_alloc (Asio's handlers and coroutine frames) that fail when they are told to.

#include "faults/fault.hpp"

#include <cstdlib>
#include <malloc.h>
#include <new>

using tempeh::faults::countBlock;
using tempeh::faults::Kind;
using tempeh::faults::next;

namespace {

[[maybe_unused]] void* allocate(std::size_t size) noexcept {
    if (next(Kind::Allocation) != 0) return nullptr;
    countBlock(1);
    return std::malloc(size == 0 ? 1 : size);
}

void* allocateAligned(std::size_t size, std::size_t alignment) noexcept {
    if (next(Kind::Allocation) != 0) return nullptr;
    return ::memalign(alignment, size == 0 ? 1 : size);
}

[[maybe_unused]] void* allocate(std::size_t size, std::align_val_t alignment) noexcept {
    void* const block = allocateAligned(size, static_cast<std::size_t>(alignment));
    if (block != nullptr) countBlock(1);
    return block;
}

[[maybe_unused]] void release(void* block) noexcept {
    if (block != nullptr) countBlock(-1);
    std::free(block);
}

[[maybe_unused]] void* orThrow(void* block) {
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
extern "C" void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size);
extern "C" void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
    return allocateAligned(size, alignment);
}
// NOLINTEND(bugprone-reserved-identifier)

// Clang's thread sanitizer links its own into the program, where a second definition is an error.
#ifndef TEMPEH_FAULTS_NO_OPERATOR_NEW
void* operator new(std::size_t size) {
    return orThrow(allocate(size));
}
void* operator new[](std::size_t size) {
    return orThrow(allocate(size));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return orThrow(allocate(size, alignment));
}
void operator delete(void* block) noexcept {
    release(block);
}
void operator delete[](void* block) noexcept {
    release(block);
}
void operator delete(void* block, std::size_t) noexcept {
    release(block);
}
void operator delete[](void* block, std::size_t) noexcept {
    release(block);
}
void operator delete(void* block, const std::nothrow_t&) noexcept {
    release(block);
}
void operator delete[](void* block, const std::nothrow_t&) noexcept {
    release(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
    release(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    release(block);
}
#endif
