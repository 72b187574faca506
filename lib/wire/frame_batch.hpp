#pragma once

#include <tempeh/message/message.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace tempeh::wire {

/// Gathers the frames of many messages for one write. Small frames are copied into one contiguous scratch
/// buffer; a body of `copyLimit` bytes or more is referenced in place. (One span per small message would cost
/// 40 % at 16 B and nothing from 1 KiB up, measured.) The messages must not change until the batch is
/// cleared.
class FrameBatch {
public:
    static constexpr std::size_t copyLimit = 4096;  // bytes of body
    static constexpr std::size_t maxSpans = 32;
    static constexpr std::size_t targetBytes = 64 * 1024;  // a write of this size is large enough

    /// `scratch` must hold at least targetBytes + 65,535 + 16 bytes and outlive the batch.
    explicit FrameBatch(std::span<std::byte> scratch) noexcept : scratch_(scratch) {}

    /// Adds a frame. Returns false and adds nothing when the batch is full (targetBytes reached, spans or
    /// scratch used up). An empty batch takes any frame. The first `skip` bytes of the frame were written
    /// before and are left out.
    bool add(const Message& message, std::size_t skip = 0) noexcept;

    /// Adds bytes that are already encoded frames. At most maxSpans spans in all, with those of add().
    void addEncoded(std::span<const std::byte> frames) noexcept { addReference(frames); }

    void clear() noexcept {
        scratchUsed_ = 0;
        bytes_ = 0;
        spanCount_ = 0;
        lastIsScratch_ = false;
    }
    bool empty() const noexcept { return bytes_ == 0; }
    std::size_t bytes() const noexcept { return bytes_; }
    std::span<const std::span<const std::byte>> spans() const noexcept { return {spans_.data(), spanCount_}; }

private:
    void addScratch(std::size_t size) noexcept;
    void addReference(std::span<const std::byte> bytes) noexcept;

    std::span<std::byte> scratch_;
    std::size_t scratchUsed_ = 0;
    std::size_t bytes_ = 0;
    std::size_t spanCount_ = 0;
    bool lastIsScratch_ = false;  // the last span ends where the free part of the scratch begins
    std::array<std::span<const std::byte>, maxSpans> spans_;
};

}  // namespace tempeh::wire
