#pragma once

#include "wire/frame_row.hpp"

#include <new>
#include <utility>
#include <vector>

namespace tempeh::core {

/// A stock of blocks for FrameRows: a channel has a block only while it has something to send. Reactor
/// thread.
class BlockStock {
public:
    /// Null when out of memory.
    wire::FrameRow::Block take() noexcept {
        if (blocks_.empty())
            return wire::FrameRow::Block(new (std::nothrow) std::byte[wire::FrameRow::blockSize]);
        wire::FrameRow::Block block = std::move(blocks_.back());
        blocks_.pop_back();
        return block;
    }
    void give(wire::FrameRow::Block block) noexcept {
        if (block != nullptr && blocks_.size() < kept) blocks_.push_back(std::move(block));
    }

    BlockStock() { blocks_.reserve(kept); }

private:
    static constexpr std::size_t kept = 32;  // 2 MiB, the size of a full send queue of small messages

    std::vector<wire::FrameRow::Block> blocks_;
};

}  // namespace tempeh::core
