#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace tempeh::detail {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);

constexpr std::uint64_t swapBytes(std::uint64_t value) noexcept {
    std::uint64_t swapped = 0;
    for (int i = 0; i < 8; ++i) {
        swapped = swapped << 8 | (value & 0xff);
        value >>= 8;
    }
    return swapped;
}

/// Converts between this machine's byte order and the wire's. Only the builtin makes this one instruction;
/// GCC 12 otherwise needs about forty for a header.
constexpr std::uint64_t bigEndian64(std::uint64_t value) noexcept {
    if constexpr (std::endian::native == std::endian::big) {
        return value;
    } else {
#if defined(__GNUC__) || defined(__clang__)
        return __builtin_bswap64(value);
#else
        return swapBytes(value);
#endif
    }
}

/// Big-endian. Needs no alignment.
constexpr void storeBig64(std::byte* out, std::uint64_t value) noexcept {
    if (std::is_constant_evaluated()) {
        for (int i = 0; i < 8; ++i)
            out[i] = static_cast<std::byte>(value >> (56 - 8 * i));
        return;
    }
    const std::uint64_t big = bigEndian64(value);
    std::memcpy(out, &big, sizeof big);
}

constexpr std::uint64_t loadBig64(const std::byte* in) noexcept {
    if (std::is_constant_evaluated()) {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i)
            value = value << 8 | std::to_integer<std::uint64_t>(in[i]);
        return value;
    }
    std::uint64_t big = 0;
    std::memcpy(&big, in, sizeof big);
    return bigEndian64(big);
}

}  // namespace tempeh::detail
