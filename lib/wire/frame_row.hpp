#pragma once

#include "wire/encoder.hpp"

#include <tempeh/message/message.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace tempeh::wire {

/// Frames one after the other in one block of memory, added at the end and sent from the front. What is not
/// sent whole can be decoded again, so a small message need not be kept until the kernel has it.
class FrameRow {
public:
    static constexpr std::size_t blockSize = 64 * 1024;
    using Block = std::unique_ptr<std::byte[]>;

    bool hasBlock() const noexcept { return block_ != nullptr; }
    /// `block` has blockSize bytes.
    void setBlock(Block block) noexcept { block_ = std::move(block); }
    Block takeBlock() noexcept { return std::move(block_); }

    bool empty() const noexcept { return frames_ == 0; }
    /// Not sent whole.
    std::size_t frames() const noexcept { return frames_; }
    /// There is a block.
    bool fits(std::size_t frameBytes) const noexcept { return frameBytes <= blockSize - end_; }

    /// The frame fits and there is a block.
    void add(const Message& message) noexcept {
        end_ += encodeFrame(message, block_.get() + end_);
        ++frames_;
    }

    /// What is to be written next.
    std::span<const std::byte> unsent() const noexcept { return {block_.get() + sent_, end_ - sent_}; }

    struct Gone {
        std::size_t frames = 0;
        std::size_t bytes = 0;
    };
    /// `bytes` (at most unsent().size()) were written; the frames that are gone whole.
    Gone consume(std::size_t bytes) noexcept;

    /// The frames that are not sent whole, from the first one's first byte.
    std::span<const std::byte> notSentWhole() const noexcept {
        return {block_.get() + whole_, end_ - whole_};
    }
    void clear() noexcept { end_ = sent_ = whole_ = frames_ = 0; }

private:
    Block block_;
    std::size_t end_ = 0;     // behind the last frame
    std::size_t sent_ = 0;    // bytes written
    std::size_t whole_ = 0;   // start of the first frame that is not written whole
    std::size_t frames_ = 0;  // from there on
};

inline FrameRow::Gone FrameRow::consume(std::size_t bytes) noexcept {
    sent_ += bytes;
    Gone gone;
    if (sent_ == end_) [[likely]] {
        gone = {frames_, end_ - whole_};
        clear();
        return gone;
    }
    for (;;) {
        const std::span<const std::byte, BinaryHeader::wireSize> head(block_.get() + whole_,
                                                                      BinaryHeader::wireSize);
        const BinaryHeader header = BinaryHeader::decode(head);
        const std::size_t frame =
            BinaryHeader::wireSize + std::size_t{header.textHeadersLength} + header.bodyLength;
        if (sent_ - whole_ < frame) return gone;
        whole_ += frame;
        --frames_;
        ++gone.frames;
        gone.bytes += frame;
    }
}

}  // namespace tempeh::wire
