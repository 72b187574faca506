#pragma once

#include "core/kept_input.hpp"
#include "core/read_buffer.hpp"
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

/// What a Receiver needs of its channel.
template <typename Sink>
concept ReceiverSink = requires(Sink& sink, MessageQueue& batch, Message& message) {
    /// The channel has not ended.
    { sink.isLive() } -> std::same_as<bool>;
    /// The application wants no frame to be taken now.
    { sink.isUnwanted() } -> std::same_as<bool>;
    /// A message for a frame; null: none now. `true`: for one that may not wait. Throws std::bad_alloc.
    { sink.take(true) } -> std::same_as<MessagePtr>;
    /// So many messages at most are handed over at a time.
    { sink.batchLimit() } -> std::same_as<std::size_t>;
    /// The channel's number, for plain frames.
    { sink.number() } -> std::same_as<ChannelNumber>;
    /// A frame that is not plain is in; it is handed over next.
    sink.onFrame(message, machines::FrameAction::Deliver);
    /// Takes the batch, of so many bytes; `true`: it was the last of the stream. Anything may happen to the
    /// channel inside.
    sink.deliver(batch, std::size_t{}, true);
};

/// The receiving half of a channel: bytes in, batches of messages out, and why it goes no further. Knows the
/// frame under way, what was read and could not be decoded, and where the next read goes. Reactor thread.
class Receiver {
public:
    /// Why consume() returned.
    enum class Stop : std::uint8_t {
        Drained,     ///< All input is used up.
        Blocked,     ///< The rest waits: for the application's wish, or for a message.
        Over,        ///< The channel has ended, or nothing of the peer's counts any more.
        PeerCloses,  ///< The peer said so.
        Violation,   ///< Of the rules of a conversation, see header().
        Malformed,   ///< Text headers that are none.
        NoMemory,
    };
    struct Outcome {
        Stop stop = Stop::Over;
        Status status = Status::Success;    ///< Of Violation and Malformed.
        std::span<const std::byte> rest{};  ///< With Blocked: to be kept.
    };

    /// `kept`: counts what is kept of the input; outlives this.
    explicit Receiver(KeptInput::Total& kept) noexcept : unread_(kept) {}

    const wire::Decoder& decoder() const noexcept { return decoder_; }
    ReadBuffer& buffer() noexcept { return buffer_; }

    /// Decodes the input, hands over whole batches, and asks the machine about every frame that is not plain.
    template <ReceiverSink Sink>
    Outcome consume(std::span<const std::byte> input, machines::ChannelMachine& machine, Sink sink) noexcept;

    /// Bodies from this size on are read into their message and not copied there; below, the copy costs less
    /// than a second span (measured).
    static constexpr std::size_t directFrom = 8 * 1024;

    /// Where the rest of a long body goes; empty: none is under way.
    std::span<std::byte> bodyRoom() {
        const std::span<std::byte> room = decoder_.bodyRoom();
        return room.size() >= directFrom ? room : std::span<std::byte>();
    }
    void commitBody(std::size_t size) noexcept { decoder_.commitBody(size); }
    /// How long the body of the next frame is if it is as long as the last; zero: not worth guessing.
    std::size_t expectedBody() const noexcept {
        return expectedBody_ >= directFrom && decoder_.isBetweenFrames() ? expectedBody_ : 0;
    }
    /// The guess was read: `head`, and `inBody` bytes of the expected body into the message. False: another
    /// frame came, and nothing happened.
    bool supplyExpected(std::span<const std::byte, BinaryHeader::wireSize> head, MessagePtr& message,
                        std::size_t body, std::size_t inBody) noexcept {
        if (!decoder_.supplyExpected(head, message, body, inBody)) return false;
        action_ = machines::FrameAction::Deliver;
        return true;
    }

    /// Keeps what is left of the input. Throws std::bad_alloc, and nothing happened.
    void keep(std::span<const std::byte> rest) {
        if (isResuming_)
            unread_.shrinkTo(rest.size());  // it lies in there already
        else
            unread_.add(rest);
    }
    /// Calls consumer(what is kept), which may keep() a rest of it.
    template <typename Consumer>
    void resume(Consumer consumer) noexcept {
        isResuming_ = true;
        consumer(unread_.rest());
        isResuming_ = false;
    }
    /// Nothing of it is needed any more.
    void dropKept() noexcept {
        if (!isResuming_) unread_.clear();
    }

    /// Nothing more will be decoded: the channel may stay for long, another may wait for the message.
    void giveUp() noexcept { decoder_.giveUp(); }

    /// A message waits for the rest of its frame. True: that is news.
    bool noteFrameHeld() noexcept { return decoder_.holdsMessage() && !std::exchange(isFrameHeld_, true); }
    /// It does not any more. True: it did.
    bool noteFrameLetGo() noexcept { return std::exchange(isFrameHeld_, false); }
    bool isFrameHeld() const noexcept { return isFrameHeld_; }

private:
    template <ReceiverSink Sink>
    void takePlainFrames(std::span<const std::byte>& input, const machines::ChannelMachine& machine,
                         MessageQueue& batch, Sink& sink);
    template <ReceiverSink Sink>
    std::optional<Outcome> supplyMessage(machines::ChannelMachine& machine, MessageQueue& batch, Sink& sink);
    template <ReceiverSink Sink>
    void takeFrame(MessageQueue& batch, Sink& sink);
    template <ReceiverSink Sink>
    void deliver(MessageQueue& batch, Sink& sink) noexcept {
        if (batch.empty()) return;
        const bool isLast = action_ == machines::FrameAction::DeliverAndEnd && !decoder_.midFrame();
        sink.deliver(batch, std::exchange(batchBytes_, 0), isLast);
    }

    wire::Decoder decoder_;
    KeptInput unread_;                               // read and not decoded, while it does not read
    std::optional<machines::FrameVerdict> verdict_;  // on the frame that waits for a message
    machines::FrameAction action_ = machines::FrameAction::Deliver;  // for the frame under way
    bool isResuming_ = false;                                        // unread_ is being decoded
    bool isFrameHeld_ = false;
    std::size_t expectedBody_ = 0;  // of the next frame: as long as the last
    std::size_t batchBytes_ = 0;    // of what was not handed over yet
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

/// Nearly everything on a busy channel. Leaves the rest, and whatever there is no message for, to the
/// decoder.
template <ReceiverSink Sink>
void Receiver::takePlainFrames(std::span<const std::byte>& input, const machines::ChannelMachine& machine,
                               MessageQueue& batch, Sink& sink) {
    wire::Decoder::PlainFrame frame;
    const std::size_t limit = sink.batchLimit();
    while (sink.isLive() && !sink.isUnwanted() && decoder_.peekPlain(input, frame) &&
           machine.isPlain(frame.header)) {
        MessagePtr message = sink.take(false);
        if (message == nullptr) return;
        frame.fill(*message);
        message->header.channelNumber = sink.number();
        batch.pushBack(std::move(message));
        input = input.subspan(frame.bytes.size());
        batchBytes_ += frame.bytes.size();
        action_ = machines::FrameAction::Deliver;
        expectedBody_ = frame.bytes.size() - BinaryHeader::wireSize;
        if (batch.size() >= limit) deliver(batch, sink);
    }
}

/// Gives the frame whose header is in a message; an outcome when it gets none.
template <ReceiverSink Sink>
std::optional<Receiver::Outcome> Receiver::supplyMessage(machines::ChannelMachine& machine,
                                                         MessageQueue& batch, Sink& sink) {
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
    // Were a hello to wait, as many as the pool has messages could wait for one another.
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
void Receiver::takeFrame(MessageQueue& batch, Sink& sink) {
    MessagePtr message = decoder_.take();
    batchBytes_ += wire::frameSize(*message);
    expectedBody_ = message->body.size();
    sink.onFrame(*message, action_);
    batch.pushBack(std::move(message));
    if (batch.size() >= sink.batchLimit() || action_ != machines::FrameAction::Deliver) deliver(batch, sink);
}

}  // namespace tempeh::core
