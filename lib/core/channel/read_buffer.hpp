#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

namespace tempeh::core {

/// Chooses the memory for a channel's next read by the size of the last one. Small reads use the channel's
/// own memory: Asio can read there itself, which saves re-arming the descriptor (a tenth of a microsecond and
/// more of a round trip of 14, measured). Large reads use the engine's single large buffer, so that an idle
/// connection holds no more than the small size. Reactor thread.
class ReadBuffer {
public:
    static constexpr std::size_t smallSize = 512;
    static constexpr std::size_t mediumSize = 4096;

    /// A small read is expected: read into room().
    bool expectsLittle() const noexcept { return expected_ != Size::Large; }

    /// The channel's own memory; the same until the next note().
    std::span<std::byte> room() noexcept {
        if (expected_ == Size::Medium && medium_ == nullptr) medium_.reset(new (std::nothrow) Medium);
        if (medium_ == nullptr && expected_ == Size::Medium) expected_ = Size::Small;
        return expected_ == Size::Medium ? std::span<std::byte>(*medium_) : std::span<std::byte>(small_);
    }

    /// Records the size of the last read, including what was read right after it.
    void note(std::size_t bytes) noexcept {
        if (bytes > smallSize) {
            smallInARow_ = 0;
            expected_ = bytes > mediumSize ? Size::Large : Size::Medium;
            return;
        }
        if (expected_ == Size::Large) expected_ = Size::Small;
        if (++smallInARow_ < patience) return;
        smallInARow_ = 0;
        expected_ = Size::Small;
        medium_.reset();
    }

private:
    enum class Size : std::uint8_t { Small, Medium, Large };
    using Medium = std::array<std::byte, mediumSize>;
    static constexpr unsigned patience = 4096;  // consecutive small reads before the medium buffer is freed

    std::array<std::byte, smallSize> small_;
    std::unique_ptr<Medium> medium_;
    unsigned smallInARow_ = 0;
    Size expected_ = Size::Small;
};

}  // namespace tempeh::core
