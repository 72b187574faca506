#include <tempeh/message/byte_buffer.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <new>
#include <stdexcept>

namespace tempeh::detail {

std::byte* growBytes(std::byte* data, std::size_t size, std::size_t more, bool onHeap,
                     std::uint32_t& capacity) {
    constexpr std::size_t smallest = 256;
    constexpr std::size_t largest = std::numeric_limits<std::uint32_t>::max();
    if (more > largest - size) throw std::length_error("tempeh: a message part would exceed 4 GiB");

    const std::size_t wanted = std::max(size + more, smallest);
    const std::size_t rounded = wanted <= largest / 2 ? std::bit_ceil(wanted) : wanted;
    auto* grown = static_cast<std::byte*>(::operator new(rounded));
    if (size != 0) std::memcpy(grown, data, size);
    if (onHeap) freeBytes(data);
    capacity = static_cast<std::uint32_t>(rounded);
    return grown;
}

void freeBytes(std::byte* data) noexcept {
    ::operator delete(data);
}

}  // namespace tempeh::detail
