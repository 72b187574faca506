#pragma once

#include <cstdint>

namespace tempeh::test {

/// How often operator new or aligned_alloc (which Asio uses for handlers and coroutine frames; not counted
/// under a sanitizer) was called since the program started, by any thread. An executable that uses this has
/// both replaced by counting ones.
std::uint64_t allocationCount() noexcept;

}  // namespace tempeh::test
