#pragma once

#include "core/channel/kept_input.hpp"
#include "core/channel/read_buffer.hpp"
#include "machines/channel_machine.hpp"
#include "wire/decoder.hpp"
#include "wire/encoder.hpp"

#include <tempeh/message/message_queue.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <utility>

namespace tempeh::core {

/// What a Receiver needs from its channel.
template <typename Sink>
concept ReceiverSink = requires(Sink& sink, MessageQueue& batch, Message& message) {
    /// The channel has not ended.
    { sink.isLive() } -> std::same_as<bool>;
    /// The application wants no frame to be taken now.
    { sink.isUnwanted() } -> std::same_as<bool>;
    /// A message for a frame; null: none is free. `true`: for a frame that must not wait. Throws
    /// std::bad_alloc.
    { sink.take(true) } -> std::same_as<MessagePtr>;
    /// The maximum number of messages per delivery.
    { sink.batchLimit() } -> std::same_as<std::size_t>;
    /// The channel's number, for plain frames.
    { sink.number() } -> std::same_as<ChannelNumber>;
    /// A frame that is not plain has arrived; it is delivered next.
    sink.onFrame(message, machines::FrameAction::Deliver);
    /// Takes the batch, with the size of its frames in bytes. `true`: it was the last of the stream. The call
    /// may do anything to the channel.
    sink.deliver(batch, std::size_t{}, true);
};

/// The receiving half of a channel: bytes in, batches of messages out, and why it stopped. Holds the current
/// frame and input that could not be decoded, and chooses the memory for the next read. Reactor thread.
class Receiver {
public:
    /// Why consume() returned.
    enum class Stop : std::uint8_t {
        Drained,     ///< All input is used up.
        Blocked,     ///< The rest waits: for the application's permission, or for a message.
        Over,        ///< The channel has ended, or input from the peer no longer counts.
        PeerCloses,  ///< The peer announced it.
        Violation,   ///< The frame with this header() is not allowed here.
        Malformed,   ///< The text headers are malformed.
        NoMemory,
    };
    struct Outcome {
        Stop stop = Stop::Over;
        Status status = Status::Success;    ///< For Violation and Malformed.
        std::span<const std::byte> rest{};  ///< For Blocked: must be kept.
    };

    /// `kept` counts the memory of kept input; must outlive this object.
    explicit Receiver(KeptInput::Total& kept) noexcept : unread_(kept) {}

    const wire::Decoder& decoder() const noexcept { return decoder_; }
    ReadBuffer& buffer() noexcept { return buffer_; }

    /// Decodes the input, delivers batches, and asks the machine about every frame that is not plain.
    template <ReceiverSink Sink>
    Outcome consume(std::span<const std::byte> input, machines::ChannelMachine& machine, Sink sink) noexcept;

    /// Bodies of this size or more are read directly into their message; below it, copying costs less than a
    /// second span (measured).
    static constexpr std::size_t directFrom = 8 * 1024;

    /// Where the rest of a long body goes; empty if there is none.
    std::span<std::byte> bodyRoom() {
        const std::span<std::byte> room = decoder_.bodyRoom();
        return room.size() >= directFrom ? room : std::span<std::byte>();
    }
    void commitBody(std::size_t size) noexcept { decoder_.commitBody(size); }
    /// The expected body length of the next frame: that of the last one; zero: too short to be worth it.
    std::size_t expectedBody() const noexcept {
        return expectedBody_ >= directFrom && decoder_.isBetweenFrames() ? expectedBody_ : 0;
    }
    /// Call after reading on this expectation: `head`, and `inBody` bytes of the expected body in the
    /// message. False: it is another frame, and nothing has changed.
    bool supplyExpected(std::span<const std::byte, BinaryHeader::wireSize> head, MessagePtr& message,
                        std::size_t body, std::size_t inBody) noexcept {
        if (!decoder_.supplyExpected(head, message, body, inBody)) return false;
        action_ = machines::FrameAction::Deliver;
        return true;
    }

    /// Keeps the rest of the input. Throws std::bad_alloc; then nothing has changed.
    void keep(std::span<const std::byte> rest) {
        if (isResuming_)
            unread_.shrinkTo(rest.size());  // it lies in there already
        else
            unread_.add(rest);
    }
    /// Calls consumer(kept input), which may keep() the rest of it.
    template <typename Consumer>
    void resume(Consumer consumer) noexcept {
        isResuming_ = true;
        consumer(unread_.rest());
        isResuming_ = false;
    }
    /// The kept input is no longer needed.
    void dropKept() noexcept {
        if (!isResuming_) unread_.clear();
    }

    /// Stops decoding for good: the channel may exist for long, and another may be waiting for the message.
    void giveUp() noexcept { decoder_.giveUp(); }

    /// Call when a message may wait for the rest of its frame. True: it does, and did not before.
    bool noteFrameHeld() noexcept { return decoder_.holdsMessage() && !std::exchange(isFrameHeld_, true); }
    /// Call when no message waits for the rest of a frame any more. True: one did before.
    bool noteFrameLetGo() noexcept { return std::exchange(isFrameHeld_, false); }
    bool isFrameHeld() const noexcept { return isFrameHeld_; }

private:
    template <ReceiverSink Sink>
    void takePlainFrames(std::span<const std::byte>& input, const machines::ChannelMachine& machine,
                         MessageQueue& batch, Sink sink);
    template <ReceiverSink Sink>
    std::optional<Outcome> supplyMessage(machines::ChannelMachine& machine, MessageQueue& batch, Sink sink);
    template <ReceiverSink Sink>
    void takeFrame(MessageQueue& batch, Sink sink);
    template <ReceiverSink Sink>
    void deliver(MessageQueue& batch, Sink sink) noexcept {
        if (batch.empty()) return;
        const bool isLast = action_ == machines::FrameAction::DeliverAndEnd && !decoder_.midFrame();
        sink.deliver(batch, std::exchange(batchBytes_, 0), isLast);
    }

    wire::Decoder decoder_;
    KeptInput unread_;                               // read and not decoded, while reading is paused
    std::optional<machines::FrameVerdict> verdict_;  // on the frame that waits for a message
    machines::FrameAction action_ = machines::FrameAction::Deliver;  // for the frame under way
    bool isResuming_ = false;                                        // unread_ is being decoded
    bool isFrameHeld_ = false;
    std::size_t expectedBody_ = 0;  // of the next frame: assumed equal to the last
    std::size_t batchBytes_ = 0;    // of messages not delivered yet
    ReadBuffer buffer_;
};

template <ReceiverSink Sink>
Receiver::Outcome Receiver::consume(std::span<const std::byte> input, machines::ChannelMachine& machine,
                                    Sink sink) noexcept {
    MessageQueue batch;
    try {
        while (sink.isLive()) {
            takePlainFrames(input, machine, batch, sink);
            if (sink.isUnwanted()) [[unlikely]] {
                deliver(batch, sink);
                if (sink.isUnwanted()) return {Stop::Blocked, Status::Success, input};
            }
            switch (decoder_.advance(input)) {
                case wire::Decoder::Step::NeedInput:
                    deliver(batch, sink);
                    return {Stop::Drained};
                case wire::Decoder::Step::NeedMessage:
                    if (std::optional<Outcome> outcome = supplyMessage(machine, batch, sink)) {
                        outcome->rest = input;
                        return *outcome;
                    }
                    break;
                case wire::Decoder::Step::FrameReady:
                    takeFrame(batch, sink);
                    break;
                case wire::Decoder::Step::Malformed:
                    deliver(batch, sink);
                    return {Stop::Malformed, decoder_.error()};
            }
        }
    } catch (const std::bad_alloc&) {
        deliver(batch, sink);
        return {Stop::NoMemory};
    }
    return {Stop::Over};
}

/// Handles nearly all frames of a busy channel. Leaves the others, and those without a free message, to the
/// decoder.
template <ReceiverSink Sink>
void Receiver::takePlainFrames(std::span<const std::byte>& input, const machines::ChannelMachine& machine,
                               MessageQueue& batch, Sink sink) {
    if (sink.isUnwanted()) [[unlikely]]
        return;
    wire::Decoder::PlainFrame frame;
    const std::size_t limit = sink.batchLimit();
    const ChannelNumber number = sink.number();
    while (decoder_.peekPlain(input, frame) && machine.isPlain(frame.header)) {
        MessagePtr message = sink.take(false);
        if (message == nullptr) return;
        frame.fill(*message);
        message->header.channelNumber = number;
        batch.pushBack(std::move(message));
        input = input.subspan(frame.bytes.size());
        batchBytes_ += frame.bytes.size();
        action_ = machines::FrameAction::Deliver;
        expectedBody_ = frame.bytes.size() - BinaryHeader::wireSize;
        if (batch.size() < limit) [[likely]]
            continue;
        deliver(batch, sink);
        // Only this call can have ended the channel or stopped its reading.
        if (!sink.isLive() || sink.isUnwanted()) return;
    }
}

/// Supplies a message for the frame whose header was read; returns an outcome when there is none.
template <ReceiverSink Sink>
std::optional<Receiver::Outcome> Receiver::supplyMessage(machines::ChannelMachine& machine,
                                                         MessageQueue& batch, Sink sink) {
    if (!verdict_) verdict_ = machine.onFrame(decoder_.header());
    switch (verdict_->action) {
        case machines::FrameAction::Violation:
            deliver(batch, sink);
            return Outcome{Stop::Violation, verdict_->status};
        case machines::FrameAction::Ignore:
            deliver(batch, sink);
            return Outcome{Stop::Over};
        case machines::FrameAction::PeerCloses:
            deliver(batch, sink);
            return Outcome{Stop::PeerCloses};
        default:
            break;
    }
    // A hello must not wait: as many hellos as the pool has messages could block one another.
    MessagePtr message = sink.take(verdict_->isOnce);
    if (message == nullptr) {
        deliver(batch, sink);
        return Outcome{Stop::Blocked};
    }
    decoder_.supply(std::move(message));
    action_ = verdict_->action;
    verdict_.reset();
    return std::nullopt;
}

template <ReceiverSink Sink>
void Receiver::takeFrame(MessageQueue& batch, Sink sink) {
    MessagePtr message = decoder_.take();
    batchBytes_ += wire::frameSize(*message);
    expectedBody_ = message->body.size();
    sink.onFrame(*message, action_);
    batch.pushBack(std::move(message));
    if (batch.size() >= sink.batchLimit() || action_ != machines::FrameAction::Deliver) deliver(batch, sink);
}

}  // namespace tempeh::core
