#include "core/channel/outbox.hpp"

#include "wire/decoder.hpp"

#include <new>

namespace tempeh::core {

void Outbox::fill(wire::FrameBatch& batch) const noexcept {
    if (!row_.empty()) batch.addEncoded(row_.unsent());
    for (const wire::FrameRow& row : further_) {
        if (batch.bytes() >= wire::FrameBatch::targetBytes) return;
        batch.addEncoded(row.unsent());
    }
    std::size_t skip = headWritten_;
    for (const Message& message : queue_) {
        if (!batch.add(message, skip)) return;
        skip = 0;
    }
}

wire::FrameRow* Outbox::newRow(std::size_t frame, BlockStock& stock) noexcept {
    if (frame > wire::FrameRow::blockSize) return nullptr;
    wire::FrameRow::Block block = stock.take();
    if (block == nullptr) return nullptr;
    if (!row_.hasBlock()) {
        row_.setBlock(std::move(block));
        return &row_;
    }
    try {
        further_.emplace_back();
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
    further_.back().setBlock(std::move(block));
    return &further_.back();
}

Outbox::Consumed Outbox::consumeRows(std::size_t& written, BlockStock& stock) noexcept {
    Consumed done;
    while (!row_.empty()) {
        const std::size_t fromRow = std::min(written, row_.unsent().size());
        const wire::FrameRow::Consumed consumed = row_.consume(fromRow);
        written -= fromRow;
        done.messages += consumed.frames;
        done.bytes += consumed.bytes;
        if (!row_.empty()) break;
        dropFirstRow(stock);
    }
    return done;
}

void Outbox::dropFirstRow(BlockStock& stock) noexcept {
    stock.give(row_.takeBlock());
    if (further_.empty()) return;
    row_ = std::move(further_.front());
    further_.erase(further_.begin());
}

namespace {

/// Decodes the frames in `bytes` back into messages. Returns how many could not be created for lack of
/// memory.
std::size_t decodeAgain(std::span<const std::byte> bytes, std::size_t frames, MessagePool& pool,
                        ChannelNumber channel, MessageQueue& messages) noexcept {
    try {
        wire::Decoder decoder;
        while (frames != 0 && decoder.advance(bytes) == wire::Decoder::Step::NeedMessage) {
            decoder.supply(pool.get(AllocationStrategy::Always));
            decoder.advance(bytes);
            MessagePtr message = decoder.take();
            message->header.channelNumber = channel;
            messages.pushBack(std::move(message));
            --frames;
        }
    } catch (const std::bad_alloc&) {
        return frames;
    }
    return frames;
}

}  // namespace

MessageQueue Outbox::takeAll(BlockStock& stock, MessagePool& pool, ChannelNumber channel,
                             std::size_t& lost) noexcept {
    MessageQueue messages;
    lost = 0;
    while (!row_.empty()) {
        lost += decodeAgain(row_.notSentWhole(), row_.frames(), pool, channel, messages);
        row_.clear();
        dropFirstRow(stock);
    }
    messages.append(queue_);
    messages_ = bytes_ = headWritten_ = 0;
    return messages;
}

}  // namespace tempeh::core
