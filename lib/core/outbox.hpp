#pragma once

#include "core/block_stock.hpp"
#include "message/message_pool.hpp"
#include "wire/frame_batch.hpp"
#include "wire/frame_row.hpp"

#include <tempeh/message/message_queue.hpp>

#include <vector>

namespace tempeh::core {

/// What a channel has to send, in order, and what of it has to come back when the channel ends. A small
/// message is encoded when it is posted and goes back to the pool at once, so a stream of them keeps working
/// on the same warm one (measured: a third of the cost of sending 16 bytes); should the channel end before
/// they are written, they are decoded again. While the kernel takes no more, further blocks of encoded frames
/// follow the first. Large messages wait as they are, and so does what is behind them. Reactor thread.
class Outbox {
public:
    /// Bodies from this size on are not copied but gathered.
    static constexpr std::size_t encodeLimit = wire::FrameBatch::copyLimit;

    Outbox() noexcept = default;
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    /// Takes the message; it went back to `pool` when it could be encoded.
    void push(MessagePtr& message, BlockStock& stock, MessagePool& pool) noexcept {
        const std::size_t frame = wire::frameSize(*message);
        wire::FrameRow* row = mayEncode(*message) ? rowFor(frame, stock) : nullptr;
        if (row != nullptr) [[likely]] {
            row->add(*message);
            pool.putPosted(std::move(message));
        } else {
            queue_.pushBack(std::move(message));
        }
        ++messages_;
        bytes_ += frame;
    }

    /// Takes the message, of whose frame the kernel has the first `written` bytes already. Only while empty.
    void pushWritten(MessagePtr message, std::size_t written) noexcept {
        ++messages_;
        bytes_ += wire::frameSize(*message);
        headWritten_ = written;
        queue_.pushBack(std::move(message));
    }

    bool empty() const noexcept { return messages_ == 0; }
    std::size_t messages() const noexcept { return messages_; }
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
        Written done = consumeRows(written, stock);
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
        messages_ -= done.messages;
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
    bool mayEncode(const Message& message) const noexcept {
        return queue_.empty() && message.body.size() < encodeLimit && isRegular(message.header.opCode) &&
               message.userData == nullptr;
    }
    /// Where a frame of that size goes; null when there is no memory, or it is longer than a block.
    wire::FrameRow* rowFor(std::size_t frame, BlockStock& stock) noexcept {
        wire::FrameRow& last = further_.empty() ? row_ : further_.back();
        return last.hasBlock() && last.fits(frame) ? &last : newRow(frame, stock);
    }
    wire::FrameRow* newRow(std::size_t frame, BlockStock& stock) noexcept;
    /// Takes what was written of the rows off `written`.
    Written consumeRows(std::size_t& written, BlockStock& stock) noexcept;
    void dropFirstRow(BlockStock& stock) noexcept;

    wire::FrameRow row_;                   // goes out first
    std::vector<wire::FrameRow> further_;  // then these, a few: of each there is a whole block
    MessageQueue queue_;                   // then this
    std::size_t messages_ = 0;             // not sent whole
    std::size_t bytes_ = 0;                // of all frames not sent whole
    std::size_t headWritten_ = 0;          // bytes of the queue's first frame the kernel has
};

}  // namespace tempeh::core
