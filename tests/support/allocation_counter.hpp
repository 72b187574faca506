#pragma once

#include <cstdint>

namespace tempeh::test {

/// How often operator new was called since the program started, by any thread. An executable that uses this has
/// its global operator new replaced by a counting one.
std::uint64_t allocationCount() noexcept;

}  // namespace tempeh::test
