#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

namespace tempeh::core {

/// Chooses the memory for a channel's next read by the size of the last ones. Small reads use the channel's
/// own memory: Asio can read there itself, which saves re-arming the descriptor (a tenth of a microsecond and
/// more of a round trip of 14, measured). Large reads use the engine's single large buffer. A channel starts
/// with next to nothing, since most connections are idle; it gets more once it has used it a few times. What
/// does not fit costs a second read. Reactor thread.
class ReadBuffer {
public:
    static constexpr std::size_t tinySize = 64;
    static constexpr std::size_t smallSize = 512;
    static constexpr std::size_t mediumSize = 4096;

    /// A small read is expected: read into room().
    bool expectsLittle() const noexcept { return expected_ != Size::Large; }
    /// As in an idle channel: nothing but the memory it started with.
    bool isTiny() const noexcept { return expected_ == Size::Tiny; }

    /// The channel's own memory; the same until the next note().
    std::span<std::byte> room() noexcept {
        if (held_ < expected_ && expected_ != Size::Large) hold(expected_);
        return isTiny() ? std::span<std::byte>(tiny_) : std::span(memory_.get(), sizeOf(held_));
    }

    /// Records the size of the last read, including what was read right after it.
    void note(std::size_t bytes) noexcept {
        const Size size = sizeFor(bytes);
        if (size == expected_) {
            smallerInARow_ = 0;
        } else if (size > expected_) {
            grow(size);
        } else if (expected_ == Size::Large) {
            expect(std::max(size, Size::Small));
        } else if (++smallerInARow_ >= patience) {
            expect(static_cast<Size>(static_cast<std::uint8_t>(expected_) - 1));
            release();
        }
    }

private:
    enum class Size : std::uint8_t { Tiny, Small, Medium, Large };
    /// Consecutive smaller reads before memory is freed.
    static constexpr unsigned patience = 4096;
    /// Reads that did not fit before there is more. A hello and one request are not enough.
    static constexpr unsigned overflowsToGrow = 3;

    static Size sizeFor(std::size_t bytes) noexcept {
        if (bytes <= tinySize) return Size::Tiny;
        if (bytes <= smallSize) return Size::Small;
        return bytes <= mediumSize ? Size::Medium : Size::Large;
    }
    static std::size_t sizeOf(Size size) noexcept { return size == Size::Medium ? mediumSize : smallSize; }

    void grow(Size size) noexcept {
        smallerInARow_ = 0;
        if (expected_ != Size::Tiny || ++overflows_ >= overflowsToGrow) expect(size);
    }
    void expect(Size size) noexcept {
        expected_ = size;
        smallerInARow_ = 0;
        overflows_ = 0;
    }
    void hold(Size size) noexcept {
        memory_.reset(new (std::nothrow) std::byte[sizeOf(size)]);
        held_ = size;
        if (memory_ != nullptr) return;
        release();
        expect(Size::Tiny);
    }
    void release() noexcept {
        memory_.reset();
        held_ = Size::Tiny;
    }

    std::unique_ptr<std::byte[]> memory_;
    Size held_ = Size::Tiny;  // size of memory_
    Size expected_ = Size::Tiny;
    std::uint8_t overflows_ = 0;
    std::uint16_t smallerInARow_ = 0;
    std::array<std::byte, tinySize> tiny_;
};

}  // namespace tempeh::core
