#pragma once

#include <tempeh/message/detail/text_block.hpp>
#include <tempeh/message/message.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace tempeh::wire {

/// Turns a byte stream into messages, any split of the bytes, many frames in one buffer. Allocates nothing of
/// its own: bytes go straight into the message the caller supplies. Whether a frame is allowed is not decided
/// here (machines/channel_machine.hpp), so the caller sees the header before it spends a message on it.
///
///     for (;;) switch (decoder.advance(input)) {
///         case Step::NeedInput:   return;                              // input is used up
///         case Step::NeedMessage: check decoder.header(); decoder.supply(pool message); break;
///         case Step::FrameReady:  deliver(decoder.take()); break;
///         case Step::Malformed:   close the channel with decoder.error();
///     }
class Decoder {
public:
    enum class Step : std::uint8_t { NeedInput, NeedMessage, FrameReady, Malformed };

    /// Works on the front of `input` and moves it past what was taken. Repeats its answer until it is acted
    /// on. Allocates nothing: supply() has reserved the room.
    Step advance(std::span<const std::byte>& input) {
        if (state_ == State::Header) {
            if (headerFill_ == 0 && input.size() >= BinaryHeader::wireSize) [[likely]] {
                startFrame(input.first<BinaryHeader::wireSize>());
                input = input.subspan(BinaryHeader::wireSize);
                return Step::NeedMessage;
            }
            return collectHeader(input);
        }
        if (state_ == State::TextHeaders) fillTextHeaders(input);
        if (state_ == State::Body) fillBody(input);
        switch (state_) {
            case State::Ready:
                return Step::FrameReady;
            case State::Message:
                return Step::NeedMessage;
            case State::Failed:
                return Step::Malformed;
            default:
                return Step::NeedInput;
        }
    }

    /// A frame without text headers that lies whole in the input.
    struct PlainFrame {
        BinaryHeader header;  // to look at; its origin is the peer's word
        std::span<const std::byte> bytes;

        /// Header and body into a message as new, its origin Application. Decoded again: copying `header`,
        /// just written field by field, would wait for these stores (measured: 11 ns, a third of receiving 16
        /// bytes).
        void fill(Message& message) const {
            message.body.append(bytes.subspan(BinaryHeader::wireSize));
            message.header = BinaryHeader::decode(bytes.first<BinaryHeader::wireSize>());
            message.header.origin = Origin::Application;
        }
    };
    /// True between two frames with such a frame at the front of `input`: nearly all there are in a stream of
    /// small messages, and half the instructions of going through advance(). Takes nothing; the caller either
    /// moves `input` past it or leaves it to advance().
    bool peekPlain(std::span<const std::byte> input, PlainFrame& frame) const noexcept {
        if (!isBetweenFrames() || input.size() < BinaryHeader::wireSize) return false;
        frame.header = BinaryHeader::decode(input.first<BinaryHeader::wireSize>());
        const std::size_t body = frame.header.bodyLength;
        if (frame.header.textHeadersLength != 0 || input.size() - BinaryHeader::wireSize < body) return false;
        frame.bytes = input.first(BinaryHeader::wireSize + body);
        return true;
    }

    /// The header of the frame under way; after NeedMessage. Its origin is Application whatever the peer
    /// claimed, its channel number the peer's.
    const BinaryHeader& header() const noexcept { return header_; }

    /// The message the frame under way goes into; after NeedMessage, not null. What it held is dropped.
    /// Reserves its room (throws std::bad_alloc, then the decoder still needs a message).
    void supply(MessagePtr message) {
        message->textHeaders.clear();
        message->body.clear();
        if (header_.textHeadersLength != 0) {
            detail::TextBlock::prepare(message->textHeaders,
                                       std::size_t{header_.textHeadersLength} + spareForLineEnd);
        }
        message->body.prepare(header_.bodyLength);
        message->header = header_;
        message_ = std::move(message);
        missing_ = header_.textHeadersLength;
        state_ = State::TextHeaders;
        if (missing_ == 0) startBody();
    }

    /// Where the rest of the body under way goes; empty when none is. A caller that can writes there itself
    /// and says so with commitBody().
    std::span<std::byte> bodyRoom() {
        return state_ == State::Body ? message_->body.prepare(missing_) : std::span<std::byte>();
    }
    void commitBody(std::size_t size) noexcept {
        message_->body.commit(size);
        missing_ -= size;
        if (missing_ == 0) state_ = State::Ready;
    }

    /// Between two frames: takes a frame whose body was read into `message` before its header was known.
    /// `body` is the room prepared there for it, of which `bodyRead` bytes are filled. False, and nothing
    /// happened, when the header tells of another frame than one with just such a body.
    bool supplyExpected(std::span<const std::byte, BinaryHeader::wireSize> head, MessagePtr& message,
                        std::size_t body, std::size_t bodyRead) noexcept {
        const BinaryHeader header = BinaryHeader::decode(head);
        if (header.textHeadersLength != 0 || header.bodyLength != body) return false;
        startFrame(head);
        message->header = header_;
        message_ = std::move(message);
        missing_ = body;
        state_ = State::Body;
        commitBody(bodyRead);
        return true;
    }

    /// The finished message; after FrameReady.
    MessagePtr take() noexcept {
        state_ = State::Header;
        return std::move(message_);
    }

    /// Nothing more will be decoded: the message under way, if there is one, goes back to its pool.
    void giveUp() noexcept {
        state_ = State::Failed;
        message_.reset();
    }

    /// Why the stream cannot go on; after Malformed.
    Status error() const noexcept { return error_; }

    /// True when the next byte is the first of a frame.
    bool isBetweenFrames() const noexcept { return state_ == State::Header && headerFill_ == 0; }

    /// True when the stream ended here would be truncated: part of a frame is in.
    bool midFrame() const noexcept {
        switch (state_) {
            case State::Header:
                return headerFill_ != 0;
            case State::Message:
                return header_.textHeadersLength != 0 || header_.bodyLength != 0;
            case State::TextHeaders:
            case State::Body:
                return true;
            default:
                return false;
        }
    }

    /// True when a message of the caller's is kept until the rest of its frame comes.
    bool holdsMessage() const noexcept { return message_ != nullptr; }

    /// How much of the frame under way is in, bytes, its header included.
    std::size_t frameBytesIn() const noexcept {
        switch (state_) {
            case State::Header:
                return headerFill_;
            case State::Message:
                return BinaryHeader::wireSize;
            case State::TextHeaders:
                return BinaryHeader::wireSize + header_.textHeadersLength - missing_;
            default:
                return BinaryHeader::wireSize + header_.textHeadersLength + header_.bodyLength - missing_;
        }
    }

private:
    enum class State : std::uint8_t { Header, Message, TextHeaders, Body, Ready, Failed };

    static constexpr std::size_t spareForLineEnd = 2;  // a missing last CRLF is added without growing

    void startFrame(std::span<const std::byte, BinaryHeader::wireSize> bytes) noexcept {
        header_ = BinaryHeader::decode(bytes);
        header_.origin = Origin::Application;
        state_ = State::Message;
    }

    void startBody() noexcept {
        missing_ = header_.bodyLength;
        state_ = missing_ == 0 ? State::Ready : State::Body;
    }

    /// The front of `input` that belongs to the current part.
    std::span<const std::byte> cut(std::span<const std::byte>& input) noexcept {
        const std::size_t size = std::min(missing_, input.size());
        const std::span<const std::byte> part = input.first(size);
        input = input.subspan(size);
        missing_ -= size;
        return part;
    }

    void fillBody(std::span<const std::byte>& input) {
        message_->body.append(cut(input));
        if (missing_ == 0) state_ = State::Ready;
    }

    void fillTextHeaders(std::span<const std::byte>& input);
    Step collectHeader(std::span<const std::byte>& input) noexcept;

    std::size_t missing_ = 0;  // bytes of the current part still to come
    MessagePtr message_;
    BinaryHeader header_;
    State state_ = State::Header;
    Status error_ = Status::Success;
    std::uint8_t headerFill_ = 0;
    std::array<std::byte, BinaryHeader::wireSize> headerBytes_{};
};

}  // namespace tempeh::wire
