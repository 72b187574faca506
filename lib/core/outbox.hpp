#pragma once

#include "wire/encoder.hpp"
#include "wire/frame_batch.hpp"

#include <tempeh/message/message_queue.hpp>

namespace tempeh::core {

/// What a channel has to send, in order. A message stays here until its last byte is with the kernel, so that
/// whatever was not sent whole can come back.
class Outbox {
public:
    void push(MessagePtr message) noexcept {
        bytes_ += wire::frameSize(*message);
        queue_.pushBack(std::move(message));
    }

    bool empty() const noexcept { return queue_.empty(); }
    std::size_t messages() const noexcept { return queue_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }

    /// Adds frames from the front until the batch is full or everything is in it.
    void fill(wire::FrameBatch& batch) const noexcept {
        std::size_t skip = headWritten_;
        for (const Message& message : queue_) {
            if (!batch.add(message, skip)) return;
            skip = 0;
        }
    }

    /// `written` bytes from the front are with the kernel; `onWritten(MessagePtr)` gets every message that
    /// went out whole.
    template <typename OnWritten>
    void consume(std::size_t written, OnWritten&& onWritten) {
        written += headWritten_;
        while (const Message* head = queue_.front()) {
            const std::size_t frame = wire::frameSize(*head);
            if (written < frame) break;
            written -= frame;
            bytes_ -= frame;
            onWritten(queue_.popFront());
        }
        headWritten_ = written;
    }

    /// Everything that is not sent whole.
    MessageQueue takeAll() noexcept {
        bytes_ = headWritten_ = 0;
        return std::move(queue_);
    }

private:
    MessageQueue queue_;
    std::size_t bytes_ = 0;        // of all frames in the queue
    std::size_t headWritten_ = 0;  // bytes of the first frame the kernel has
};

}  // namespace tempeh::core
