#pragma once

#include <cstdint>
#include <random>

namespace tempeh::base {

/// A seed from the system, for where none was given: anything but 0, which stands for "none". Any thread;
/// costs a system call.
inline std::uint64_t entropySeed() {
    std::random_device entropy;
    return (std::uint64_t{entropy()} << 32U | entropy()) | 1U;
}

}  // namespace tempeh::base
