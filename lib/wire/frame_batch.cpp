#include "wire/frame_batch.hpp"

#include "wire/encoder.hpp"

#include <cstring>

namespace tempeh::wire {

bool FrameBatch::add(const Message& message, std::size_t skip) noexcept {
    const std::span<const std::byte> body = message.body.bytes();
    const bool copied = body.size() < copyLimit;
    const std::size_t room = headSize(message) + (copied ? body.size() : 0);
    if (bytes_ >= targetBytes || room > scratch_.size() - scratchUsed_) return false;
    const std::size_t newSpans = (lastIsScratch_ ? 0U : 1U) + (copied ? 0U : 1U);
    if (newSpans > maxSpans - spanCount_) return false;

    std::byte* const out = scratch_.data() + scratchUsed_;
    const std::size_t written = copied ? encodeFrame(message, out) : encodeHead(message, out);
    if (skip == 0) [[likely]] {
        addScratch(written);
        if (!copied) addReference(body);
        return true;
    }
    if (skip < written) {
        std::memmove(out, out + skip, written - skip);
        addScratch(written - skip);
        if (!copied) addReference(body);
    } else if (!copied && skip - written < body.size()) {
        addReference(body.subspan(skip - written));
    }
    return true;
}

void FrameBatch::addScratch(std::size_t size) noexcept {
    std::byte* const start = scratch_.data() + scratchUsed_;
    if (lastIsScratch_) {
        std::span<const std::byte>& last = spans_[spanCount_ - 1];
        last = {last.data(), last.size() + size};
    } else {
        spans_[spanCount_++] = {start, size};
        lastIsScratch_ = true;
    }
    scratchUsed_ += size;
    bytes_ += size;
}

void FrameBatch::addReference(std::span<const std::byte> bytes) noexcept {
    spans_[spanCount_++] = bytes;
    lastIsScratch_ = false;
    bytes_ += bytes.size();
}

}  // namespace tempeh::wire
