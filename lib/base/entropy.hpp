#pragma once

#include <cstdint>
#include <random>

namespace tempeh::base {

/// A random seed from the system, for use where none was given. Never 0, which stands for "none". Any thread;
/// costs a system call.
inline std::uint64_t entropySeed() {
    std::random_device entropy;
    return (std::uint64_t{entropy()} << 32U | entropy()) | 1U;
}

}  // namespace tempeh::base
