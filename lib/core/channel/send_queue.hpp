#pragma once

#include "core/channel/outbox.hpp"

#include <cstddef>
#include <utility>

namespace tempeh::core {

/// The sending half of a channel: what waits to be sent, what will not be sent and comes back, and whether
/// the kernel accepts data. Reactor thread, except leaveRest().
class SendQueue {
public:
    SendQueue(BlockStock& stock, MessagePool& pool) noexcept : stock_(stock), pool_(pool) {}
    SendQueue(const SendQueue&) = delete;
    SendQueue& operator=(const SendQueue&) = delete;

    /// Takes the message, to be sent after everything else.
    void push(MessagePtr& message) noexcept { outbox_.push(message, stock_, pool_); }
    /// Takes a message posted after our last one: it is never sent, and comes back after everything else.
    void hold(MessagePtr message) noexcept {
        heldBytes_ += wire::frameSize(*message);
        held_.pushBack(std::move(message));
    }

    /// Nothing waits to be sent.
    bool isEmpty() const noexcept { return outbox_.empty(); }
    /// Nothing waits to be sent or is held back.
    bool holdsNothing() const noexcept { return outbox_.empty() && held_.empty(); }
    /// Includes what is held back: post() finds no room while it is there.
    std::size_t messages() const noexcept { return outbox_.messages() + held_.size(); }
    std::size_t bytes() const noexcept { return outbox_.bytes() + heldBytes_; }
    std::size_t unsentMessages() const noexcept { return outbox_.messages(); }
    std::size_t unsentBytes() const noexcept { return outbox_.bytes(); }
    /// Whether there is as much as one write should carry.
    bool fillsAWrite() const noexcept { return outbox_.fillsAWrite(); }

    /// The kernel accepts no more, until unblock().
    bool isBlocked() const noexcept { return isBlocked_; }
    void block() noexcept { isBlocked_ = true; }
    void unblock() noexcept { isBlocked_ = false; }

    /// Adds frames from the front until the batch is full or has everything.
    void fill(wire::FrameBatch& batch) const noexcept { outbox_.fill(batch); }
    /// The kernel accepted the first `written` of `offered` bytes. A short write blocks the queue: the
    /// kernel's buffer is full, and another try would only confirm that. `onControl(MessagePtr)` receives the
    /// messages that are not regular.
    template <typename OnControl>
    Outbox::Consumed consume(std::size_t written, std::size_t offered, OnControl onControl) {
        if (written < offered) isBlocked_ = true;
        return outbox_.consume(written, stock_, [&](MessagePtr message) {
            if (isRegular(message->header.opCode)) [[likely]]
                pool_.put(std::move(message));
            else
                onControl(std::move(message));
        });
    }

    /// A thread with a borrowed right to send wrote only `written` bytes of its message. Called on that
    /// thread.
    void leaveRest(MessagePtr message, std::size_t written) noexcept {
        partlySent_ = std::move(message);
        partlySentBytes_ = written;
    }
    /// The right is back: the rest goes out first. True: there is one.
    bool takeOverRest() noexcept {
        if (partlySent_ == nullptr) return false;
        outbox_.pushWritten(std::move(partlySent_), partlySentBytes_);
        return true;
    }
    /// The same when nothing will be sent any more; null: it was sent completely.
    MessagePtr takeRestBack() noexcept { return std::move(partlySent_); }

    /// Everything not completely sent, in order, then what is held back. `lost` counts messages for which
    /// there was no memory.
    MessageQueue takeAll(ChannelNumber channel, std::size_t& lost) noexcept {
        MessageQueue back = outbox_.takeAll(stock_, pool_, channel, lost);
        back.append(held_);
        heldBytes_ = 0;
        return back;
    }

private:
    BlockStock& stock_;
    MessagePool& pool_;
    Outbox outbox_;
    MessageQueue held_;
    std::size_t heldBytes_ = 0;        // of their frames
    MessagePtr partlySent_;            // belongs to the holder of the right to send
    std::size_t partlySentBytes_ = 0;  // bytes of it that are sent
    bool isBlocked_ = false;
};

}  // namespace tempeh::core
