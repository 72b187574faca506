#pragma once

#include "wire/frame_batch.hpp"

#include <tempeh/message/binary_header.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

namespace tempeh::core {

/// Memory that the channels of an engine share, for one read or one write at a time. Reactor thread.
class ReactorBuffers {
public:
    ReactorBuffers()
        : read_(new std::byte[headroom + readSize])
        , scratch_(new std::byte[scratchSize])
        , frameBatch_(std::span<std::byte>(scratch_.get(), scratchSize)) {}

    /// For one read.
    std::span<std::byte> read() noexcept { return {read_.get() + headroom, readSize}; }
    /// For one write.
    wire::FrameBatch& frameBatch() noexcept { return frameBatch_; }

    /// Joins the start of a frame with the data that was read after it into read(): copies `head` and `body`,
    /// at most 65,535 bytes, to just before that data. Returns the whole, including `rest` bytes of read().
    std::span<const std::byte> joinBeforeRead(std::span<const std::byte> head,
                                              std::span<const std::byte> body, std::size_t rest) noexcept {
        std::byte* const start = read().data() - head.size() - body.size();
        std::copy(head.begin(), head.end(), start);
        std::copy(body.begin(), body.end(), start + head.size());
        return {start, head.size() + body.size() + rest};
    }

private:
    static constexpr std::size_t readSize = 256 * 1024;  // more does not fit into the second-level cache
    static constexpr std::size_t headroom = BinaryHeader::wireSize + 65'536;  // for one frame before it
    static constexpr std::size_t scratchSize =
        wire::FrameBatch::targetBytes + 2 * 65'536 + BinaryHeader::wireSize;

    std::unique_ptr<std::byte[]> read_;
    std::unique_ptr<std::byte[]> scratch_;
    wire::FrameBatch frameBatch_;
};

}  // namespace tempeh::core
