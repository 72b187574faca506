#pragma once

#include "wire/encoder.hpp"

#include <tempeh/message/message.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace tempeh::wire {

/// Encoded frames back to back in one block of memory, added at the end and sent from the front. A frame that
/// is not fully sent can be decoded again, so a small message need not be kept until the kernel has it.
class FrameRow {
public:
    static constexpr std::size_t blockSize = 64 * 1024;
    using Block = std::unique_ptr<std::byte[]>;

    bool hasBlock() const noexcept { return block_ != nullptr; }
    /// `block` has blockSize bytes.
    void setBlock(Block block) noexcept { block_ = std::move(block); }
    Block takeBlock() noexcept { return std::move(block_); }

    bool empty() const noexcept { return frames_ == 0; }
    /// Number of frames not fully sent.
    std::size_t frames() const noexcept { return frames_; }
    /// Requires a block.
    bool fits(std::size_t frameBytes) const noexcept { return frameBytes <= blockSize - end_; }

    /// Requires a block, and that the frame fits.
    void add(const Message& message) noexcept {
        end_ += encodeFrame(message, block_.get() + end_);
        ++frames_;
    }

    /// The bytes to write next.
    std::span<const std::byte> unsent() const noexcept { return {block_.get() + sent_, end_ - sent_}; }

    struct Consumed {
        std::size_t frames = 0;
        std::size_t bytes = 0;
    };
    /// Call after writing `bytes` (at most unsent().size()). Returns the frames that are now fully sent.
    Consumed consume(std::size_t bytes) noexcept;

    /// The frames that are not fully sent, from the first byte of the first one.
    std::span<const std::byte> notSentWhole() const noexcept {
        return {block_.get() + whole_, end_ - whole_};
    }
    void clear() noexcept { end_ = sent_ = whole_ = frames_ = 0; }

private:
    Block block_;
    std::size_t end_ = 0;     // after the last frame
    std::size_t sent_ = 0;    // bytes written
    std::size_t whole_ = 0;   // start of the first frame that is not fully sent
    std::size_t frames_ = 0;  // number of frames from there on
};

inline FrameRow::Consumed FrameRow::consume(std::size_t bytes) noexcept {
    sent_ += bytes;
    Consumed consumed;
    if (sent_ == end_) [[likely]] {
        consumed = {frames_, end_ - whole_};
        clear();
        return consumed;
    }
    for (;;) {
        const std::span<const std::byte, BinaryHeader::wireSize> head(block_.get() + whole_,
                                                                      BinaryHeader::wireSize);
        const BinaryHeader header = BinaryHeader::decode(head);
        const std::size_t frame =
            BinaryHeader::wireSize + std::size_t{header.textHeadersLength} + header.bodyLength;
        if (sent_ - whole_ < frame) return consumed;
        whole_ += frame;
        --frames_;
        ++consumed.frames;
        consumed.bytes += frame;
    }
}

}  // namespace tempeh::wire
