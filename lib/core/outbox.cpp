#include "core/outbox.hpp"

#include "wire/decoder.hpp"

#include <new>

namespace tempeh::core {

void Outbox::fill(wire::FrameBatch& batch) const noexcept {
    if (!row_.empty()) batch.addEncoded(row_.unsent());
    std::size_t skip = headWritten_;
    for (const Message& message : queue_) {
        if (!batch.add(message, skip)) return;
        skip = 0;
    }
}

namespace {

/// The frames of `bytes` as messages again; how many could not be made for lack of memory.
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
    if (!row_.empty()) lost = decodeAgain(row_.notSentWhole(), row_.frames(), pool, channel, messages);
    row_.clear();
    stock.give(row_.takeBlock());
    messages.append(queue_);
    bytes_ = headWritten_ = 0;
    return messages;
}

}  // namespace tempeh::core
