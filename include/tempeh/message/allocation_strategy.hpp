#pragma once

#include <tempeh/base/x11_macros.hpp>

#include <cstdint>

namespace tempeh {

/// What Ampe::get() does when the pool is empty.
enum class AllocationStrategy : std::uint8_t {
    PoolOnly,  ///< Gives null: for work that can wait or be refused.
    Always,    ///< Allocates beyond the pool's size: for what must be said.
};

}  // namespace tempeh
