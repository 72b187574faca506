#pragma once

#include <cstddef>
#include <cstdint>

namespace tempeh::detail {

// Written as shifts, which GCC and Clang turn into one load or store with a byte swap; no alignment is
// needed.

constexpr void storeBig16(std::byte* out, std::uint16_t value) noexcept {
    out[0] = static_cast<std::byte>(value >> 8);
    out[1] = static_cast<std::byte>(value);
}

constexpr void storeBig32(std::byte* out, std::uint32_t value) noexcept {
    out[0] = static_cast<std::byte>(value >> 24);
    out[1] = static_cast<std::byte>(value >> 16);
    out[2] = static_cast<std::byte>(value >> 8);
    out[3] = static_cast<std::byte>(value);
}

constexpr void storeBig64(std::byte* out, std::uint64_t value) noexcept {
    storeBig32(out, static_cast<std::uint32_t>(value >> 32));
    storeBig32(out + 4, static_cast<std::uint32_t>(value));
}

constexpr std::uint32_t loadBig32(const std::byte* in) noexcept {
    return std::to_integer<std::uint32_t>(in[0]) << 24 | std::to_integer<std::uint32_t>(in[1]) << 16 |
           std::to_integer<std::uint32_t>(in[2]) << 8 | std::to_integer<std::uint32_t>(in[3]);
}

constexpr std::uint64_t loadBig64(const std::byte* in) noexcept {
    return std::uint64_t{loadBig32(in)} << 32 | loadBig32(in + 4);
}

}  // namespace tempeh::detail
