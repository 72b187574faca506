#pragma once

#include "content.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// tempeh's frames for the hand-written peers: the 16-byte header and a body, no text headers, no handshake.
namespace bench::frame {

inline constexpr std::size_t kHeaderSize = 16;
inline constexpr std::byte kRequest{0};
inline constexpr std::byte kResponse{1};

inline void storeBig16(std::byte* to, std::uint16_t value) {
    const std::uint16_t big = __builtin_bswap16(value);
    std::memcpy(to, &big, sizeof big);
}

inline std::uint16_t loadBig16(const std::byte* from) {
    std::uint16_t big;
    std::memcpy(&big, from, sizeof big);
    return __builtin_bswap16(big);
}

inline void writeHeader(std::byte* to, std::uint16_t channel, std::byte opCode, std::uint64_t id,
                        std::size_t body) {
    storeBig16(to, channel);
    to[2] = opCode;
    to[3] = std::byte{0};
    const std::uint64_t big = __builtin_bswap64(id);
    std::memcpy(to + 4, &big, sizeof big);
    storeBig16(to + 12, 0);
    storeBig16(to + 14, static_cast<std::uint16_t>(body));
}

/// Checks what a header may say here and returns the length of the body.
inline std::size_t readHeader(const std::byte* header) {
    if (header[2] > kResponse || loadBig16(header + 12) != 0) [[unlikely]]
        fail("a broken frame header");
    return loadBig16(header + 14);
}

/// Calls `onFrame(frame, body, bodySize)` for every whole frame; returns the bytes they took.
template <typename OnFrame>
std::size_t forEach(std::byte* data, std::size_t size, OnFrame&& onFrame) {
    std::size_t at = 0;
    while (size - at >= kHeaderSize) {
        const std::size_t body = readHeader(data + at);
        if (size - at - kHeaderSize < body) break;
        onFrame(data + at, data + at + kHeaderSize, body);
        at += kHeaderSize + body;
    }
    return at;
}

}  // namespace bench::frame
