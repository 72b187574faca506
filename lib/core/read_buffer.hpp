#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>

namespace tempeh::core {

/// Where a channel's next read goes, judged by what the last one brought. Little goes into memory of the
/// channel's own: Asio can read there itself, which saves re-arming the descriptor (a tenth of a microsecond
/// and more of a round trip of 14, measured). Much goes through the engine's one large buffer, so that an
/// idle connection holds no more than the small size. Reactor thread.
class ReadBuffer {
public:
    static constexpr std::size_t smallSize = 512;
    static constexpr std::size_t mediumSize = 4096;

    /// Little is expected: read into room().
    bool expectsLittle() const noexcept { return expected_ != Size::Large; }

    /// The channel's own memory; the same until the next note().
    std::span<std::byte> room() noexcept {
        if (expected_ == Size::Medium && medium_ == nullptr) medium_.reset(new (std::nothrow) Medium);
        if (medium_ == nullptr && expected_ == Size::Medium) expected_ = Size::Small;
        return expected_ == Size::Medium ? std::span<std::byte>(*medium_) : std::span<std::byte>(small_);
    }

    /// What the last read brought, together with what more there was right behind it.
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
    static constexpr unsigned patience = 4096;  // small reads before the medium buffer is given up

    std::array<std::byte, smallSize> small_;
    std::unique_ptr<Medium> medium_;
    unsigned smallInARow_ = 0;
    Size expected_ = Size::Small;
};

}  // namespace tempeh::core
