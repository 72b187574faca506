#pragma once

#include <cstdint>

namespace tempeh::test {

/// How often operator new or aligned_alloc (which Asio uses for handlers and coroutine frames; not counted
/// under a sanitizer) was called since the program started, by any thread. An executable that uses this has
/// both replaced by counting ones.
std::uint64_t allocationCount() noexcept;

/// False where a sanitizer has operator new to itself: nothing is counted, and memory is to be had always.
bool hasOperatorNew() noexcept;

/// While it lives the calling thread gets no memory from operator new: std::bad_alloc, null from the nothrow
/// form of a single object.
class NoMemory {
public:
    NoMemory() noexcept;
    ~NoMemory();
    NoMemory(const NoMemory&) = delete;
    NoMemory& operator=(const NoMemory&) = delete;
};

}  // namespace tempeh::test
