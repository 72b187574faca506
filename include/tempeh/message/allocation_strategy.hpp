#pragma once

#include <tempeh/base/x11_macros.hpp>

#include <cstdint>

namespace tempeh {

/// What Ampe::get() does when the pool is empty.
enum class AllocationStrategy : std::uint8_t {
    PoolOnly,  ///< Returns null: for work that can wait or be refused.
    Always,    ///< Allocates beyond the pool's size: for messages that must be sent.
};

}  // namespace tempeh
