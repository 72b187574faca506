#pragma once

#include "core/outbox.hpp"

#include <cstddef>
#include <utility>

namespace tempeh::core {

/// The sending half of a channel: what waits to be sent, what will not be sent any more and comes back, and
/// whether the kernel takes more. Reactor thread, but for leaveRest().
class SendQueue {
public:
    SendQueue(BlockStock& stock, MessagePool& pool) noexcept : stock_(stock), pool_(pool) {}
    SendQueue(const SendQueue&) = delete;
    SendQueue& operator=(const SendQueue&) = delete;

    /// To be sent, behind everything else. Takes the message.
    void push(MessagePtr& message) noexcept { outbox_.push(message, stock_, pool_); }
    /// Posted behind our last word: never sent, it comes back behind everything else.
    void hold(MessagePtr message) noexcept {
        heldBytes_ += wire::frameSize(*message);
        held_.pushBack(std::move(message));
    }

    /// Nothing waits to be sent.
    bool isEmpty() const noexcept { return outbox_.empty(); }
    /// Nothing at all.
    bool holdsNothing() const noexcept { return outbox_.empty() && held_.empty(); }
    /// What is held back counts too: post() finds no room as long as it is there.
    std::size_t messages() const noexcept { return outbox_.messages() + held_.size(); }
    std::size_t bytes() const noexcept { return outbox_.bytes() + heldBytes_; }
    std::size_t unsentMessages() const noexcept { return outbox_.messages(); }
    std::size_t unsentBytes() const noexcept { return outbox_.bytes(); }
    /// As much as one write should carry.
    bool isWriteful() const noexcept { return outbox_.isWriteful(); }

    /// The kernel takes no more, until unblock().
    bool isBlocked() const noexcept { return isBlocked_; }
    void block() noexcept { isBlocked_ = true; }
    void unblock() noexcept { isBlocked_ = false; }

    /// Adds frames from the front until the batch is full or everything is in it.
    void fill(wire::FrameBatch& batch) const noexcept { outbox_.fill(batch); }
    /// The kernel took the first `written` of `offered` bytes. A short write blocks: the kernel's buffer is
    /// full, another try would only say so. `onControl(MessagePtr)` gets the messages that are not regular.
    template <typename OnControl>
    Outbox::Written consume(std::size_t written, std::size_t offered, OnControl onControl) {
        if (written < offered) isBlocked_ = true;
        return outbox_.consume(written, stock_, [&](MessagePtr message) {
            if (isRegular(message->header.opCode)) [[likely]]
                pool_.put(std::move(message));
            else
                onControl(std::move(message));
        });
    }

    /// Whoever borrowed the right to write could not send all of its message: `written` bytes. That thread.
    void leaveRest(MessagePtr message, std::size_t written) noexcept {
        rest_ = std::move(message);
        restWritten_ = written;
    }
    /// The right is back: what is left goes out first. True: there is something.
    bool takeOverRest() noexcept {
        if (rest_ == nullptr) return false;
        outbox_.pushWritten(std::move(rest_), restWritten_);
        return true;
    }
    /// Likewise when nothing is sent any more; null: it was sent whole.
    MessagePtr takeRestBack() noexcept { return std::move(rest_); }

    /// Everything that is not sent whole, in order, then what is held back. Messages for which there is no
    /// memory are counted in `lost`.
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
    std::size_t heldBytes_ = 0;    // of their frames
    MessagePtr rest_;              // belongs to whoever has the right to write
    std::size_t restWritten_ = 0;  // bytes of it that are sent
    bool isBlocked_ = false;
};

}  // namespace tempeh::core
