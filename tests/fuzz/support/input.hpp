#pragma once

#include "fuzz/support/fuzz_target.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace tempeh::fuzz {

/// Takes what a target decides by off the front of the input; past its end everything is zero.
class Input {
public:
    explicit Input(Bytes bytes) noexcept : rest_(bytes) {}

    bool empty() const noexcept { return rest_.empty(); }
    Bytes rest() const noexcept { return rest_; }

    std::uint8_t byte() noexcept {
        if (rest_.empty()) return 0;
        const auto value = std::to_integer<std::uint8_t>(rest_.front());
        rest_ = rest_.subspan(1);
        return value;
    }
    std::uint16_t word() noexcept {
        const unsigned high = byte();
        return static_cast<std::uint16_t>(high << 8U | byte());
    }
    std::uint64_t number() noexcept {
        std::uint64_t value = 0;
        for (int i = 0; i < 8; ++i)
            value = value << 8U | byte();
        return value;
    }
    bool flag() noexcept { return (byte() & 1U) != 0; }
    /// Of 0 to count - 1.
    unsigned choice(unsigned count) noexcept { return byte() % count; }

    /// At most `size` bytes.
    Bytes take(std::size_t size) noexcept {
        const Bytes part = rest_.first(std::min(size, rest_.size()));
        rest_ = rest_.subspan(part.size());
        return part;
    }
    std::string_view text(std::size_t size) noexcept {
        const Bytes part = take(size);
        return {reinterpret_cast<const char*>(part.data()), part.size()};
    }

private:
    Bytes rest_;
};

inline std::string_view textOf(Bytes bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace tempeh::fuzz
