#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tool {

/// Numbers at places of a byte string; nothing when they lie beyond its end.
class Bytes {
public:
    explicit Bytes(std::string_view bytes, bool isLittle = false) : bytes_(bytes), isLittle_(isLittle) {}

    std::size_t size() const noexcept { return bytes_.size(); }
    bool has(std::size_t offset, std::size_t size) const noexcept {
        return offset <= bytes_.size() && size <= bytes_.size() - offset;
    }
    std::string_view part(std::size_t offset, std::size_t size) const noexcept {
        return has(offset, size) ? bytes_.substr(offset, size) : std::string_view();
    }

    // 0 beyond the end: ask has() first.
    std::uint8_t u8(std::size_t offset) const noexcept {
        return static_cast<std::uint8_t>(number(offset, 1));
    }
    std::uint16_t u16(std::size_t offset) const noexcept {
        return static_cast<std::uint16_t>(number(offset, 2));
    }
    std::uint32_t u32(std::size_t offset) const noexcept { return number(offset, 4); }

private:
    std::uint32_t number(std::size_t offset, std::size_t size) const noexcept {
        if (!has(offset, size)) return 0;
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t at = isLittle_ ? size - 1 - i : i;
            value = value << 8 | static_cast<unsigned char>(bytes_[offset + at]);
        }
        return value;
    }

    std::string_view bytes_;
    bool isLittle_;
};

}  // namespace tool
