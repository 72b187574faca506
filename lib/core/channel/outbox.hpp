#pragma once

#include "core/engine/block_stock.hpp"
#include "message/message_pool.hpp"
#include "wire/frame_batch.hpp"
#include "wire/frame_row.hpp"

#include <tempeh/message/message_queue.hpp>

#include <vector>

namespace tempeh::core {

/// What a channel has to send, in order, and what comes back when the channel ends. A small message is
/// encoded when it is posted and returns to the pool at once, so that a stream of them reuses the same cached
/// one (measured: a third of the cost of sending 16 bytes). If the channel ends before they are written, they
/// are decoded again. While the kernel accepts no more, further blocks of encoded frames follow the first.
/// Large messages wait unencoded, and so do all behind them. Reactor thread.
class Outbox {
public:
    /// Bodies of this size or more are gathered, not copied.
    static constexpr std::size_t encodeLimit = wire::FrameBatch::copyLimit;

    Outbox() noexcept = default;
    Outbox(const Outbox&) = delete;
    Outbox& operator=(const Outbox&) = delete;

    /// Takes the message. If it could be encoded, it has returned to `pool`.
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

    /// Takes a message of which the first `written` bytes of the frame are already with the kernel. Only
    /// while empty.
    void pushWritten(MessagePtr message, std::size_t written) noexcept {
        ++messages_;
        bytes_ += wire::frameSize(*message);
        headWritten_ = written;
        queue_.pushBack(std::move(message));
    }

    bool empty() const noexcept { return messages_ == 0; }
    std::size_t messages() const noexcept { return messages_; }
    std::size_t bytes() const noexcept { return bytes_; }
    /// Whether as much is encoded as one write should carry.
    bool fillsAWrite() const noexcept { return bytes_ >= fullWriteBytes; }

    /// Adds frames from the front until the batch is full or has everything.
    void fill(wire::FrameBatch& batch) const noexcept;

    struct Consumed {
        std::size_t messages = 0;
        std::size_t bytes = 0;
    };
    /// The first `written` bytes are now with the kernel. `onWritten(MessagePtr)` receives the messages that
    /// went out completely and had not been encoded.
    template <typename OnWritten>
    Consumed consume(std::size_t written, BlockStock& stock, OnWritten&& onWritten) {
        Consumed done = consumeRows(written, stock);
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

    /// Returns everything not completely sent as messages; the outbox is empty afterwards. Encoded messages
    /// come from `pool`; `lost` counts those for which there was no memory.
    MessageQueue takeAll(BlockStock& stock, MessagePool& pool, ChannelNumber channel,
                         std::size_t& lost) noexcept;

private:
    static constexpr std::size_t fullWriteBytes = wire::FrameRow::blockSize - encodeLimit - 256;

    /// Control messages and those with application data must come back unchanged.
    bool mayEncode(const Message& message) const noexcept {
        return queue_.empty() && message.body.size() < encodeLimit && isRegular(message.header.opCode) &&
               message.userData == nullptr;
    }
    /// The row for a frame of that size; null when out of memory, or if the frame is longer than a block.
    wire::FrameRow* rowFor(std::size_t frame, BlockStock& stock) noexcept {
        wire::FrameRow& last = further_.empty() ? row_ : further_.back();
        return last.hasBlock() && last.fits(frame) ? &last : newRow(frame, stock);
    }
    wire::FrameRow* newRow(std::size_t frame, BlockStock& stock) noexcept;
    /// Subtracts from `written` what the rows account for.
    Consumed consumeRows(std::size_t& written, BlockStock& stock) noexcept;
    void dropFirstRow(BlockStock& stock) noexcept;

    wire::FrameRow row_;                   // goes out first
    std::vector<wire::FrameRow> further_;  // then these, a few: each has a whole block
    MessageQueue queue_;                   // then this
    std::size_t messages_ = 0;             // not completely sent
    std::size_t bytes_ = 0;                // of all frames not completely sent
    std::size_t headWritten_ = 0;          // bytes of the queue's first frame that the kernel has
};

}  // namespace tempeh::core
