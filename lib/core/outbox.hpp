#pragma once

#include "core/block_stock.hpp"
#include "message/message_pool.hpp"
#include "wire/frame_batch.hpp"
#include "wire/frame_row.hpp"

#include <tempeh/message/message_queue.hpp>

namespace tempeh::core {

/// What a channel has to send, in order, and what of it has to come back when the channel ends. A small
/// message is encoded when it is posted and goes back to the pool at once, so a stream of them keeps working
/// on the same warm one (measured: a third of the cost of sending 16 bytes); should the channel end before
/// they are written, they are decoded again. The others wait as they are. Reactor thread.
class Outbox {
public:
    /// Bodies from this size on are not copied but gathered.
    static constexpr std::size_t encodeLimit = wire::FrameBatch::copyLimit;

    /// Takes the message; it went back to `pool` when it could be encoded.
    void push(MessagePtr& message, BlockStock& stock, MessagePool& pool) noexcept {
        const std::size_t frame = wire::frameSize(*message);
        if (mayEncode(*message, frame) && hasBlock(stock)) {
            row_.add(*message);
            pool.put(std::move(message));
        } else {
            queue_.pushBack(std::move(message));
        }
        bytes_ += frame;
    }

    bool empty() const noexcept { return row_.empty() && queue_.empty(); }
    std::size_t messages() const noexcept { return row_.frames() + queue_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }
    /// As much encoded as one write should carry.
    bool isWriteful() const noexcept { return bytes_ >= writefulBytes; }

    /// Adds frames from the front until the batch is full or everything is in it.
    void fill(wire::FrameBatch& batch) const noexcept;

    struct Written {
        std::size_t messages = 0;
        std::size_t bytes = 0;
    };
    /// `written` bytes from the front are with the kernel; `onWritten(MessagePtr)` gets the messages that
    /// went out whole and were not encoded before.
    template <typename OnWritten>
    Written consume(std::size_t written, BlockStock& stock, OnWritten&& onWritten) {
        Written done;
        if (!row_.empty()) {
            const std::size_t fromRow = std::min(written, row_.unsent().size());
            const wire::FrameRow::Gone gone = row_.consume(fromRow);
            written -= fromRow;
            done = {gone.frames, gone.bytes};
            if (row_.empty()) stock.give(row_.takeBlock());
        }
        written += headWritten_;
        while (const Message* head = queue_.front()) {
            const std::size_t frame = wire::frameSize(*head);
            if (written < frame) break;
            written -= frame;
            ++done.messages;
            done.bytes += frame;
            onWritten(queue_.popFront());
        }
        headWritten_ = written;
        bytes_ -= done.bytes;
        return done;
    }

    /// Everything that is not sent whole, as messages; empty afterwards. What was encoded comes from `pool`;
    /// messages there is no memory for are counted in `lost`.
    MessageQueue takeAll(BlockStock& stock, MessagePool& pool, ChannelNumber channel,
                         std::size_t& lost) noexcept;

private:
    static constexpr std::size_t writefulBytes = wire::FrameRow::blockSize - encodeLimit - 256;

    /// Control messages and those with data of the application's must come back as they are.
    bool mayEncode(const Message& message, std::size_t frame) const noexcept {
        return queue_.empty() && message.body.size() < encodeLimit && isRegular(message.header.opCode) &&
               message.userData == nullptr && row_.fits(frame);
    }

    bool hasBlock(BlockStock& stock) noexcept {
        if (!row_.hasBlock()) row_.setBlock(stock.take());
        return row_.hasBlock();
    }

    wire::FrameRow row_;           // goes out first
    MessageQueue queue_;           // then this
    std::size_t bytes_ = 0;        // of all frames not sent whole
    std::size_t headWritten_ = 0;  // bytes of the queue's first frame the kernel has
};

}  // namespace tempeh::core
