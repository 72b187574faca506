#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/flows/detail/flow_operation.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/flows/stream_reader.hpp>
#include <tempeh/message/message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tempeh::flows {

namespace detail {
class StreamSender;
}

/// How a stream is cut and paced. An aggregate for designated initialisers. A field out of its range makes
/// StreamWriter's constructor throw Error(InvalidOption).
struct StreamOptions {
    /// Body of every part but the last, bytes. 1 to 65,535.
    std::size_t partBytes = 65'535;
    /// Parts sent ahead of the reader at most, so that neither side holds much of the stream and other
    /// messages of the channel do not wait long behind it. 0: as far as the engine's limits go. Takes a Peer
    /// at the other end, whose StreamReader may come at any time; with any other (tofu knows no windows) the
    /// stream goes on as with 0 after `patience`.
    /// Until the reader has read the first part, it is four.
    std::size_t windowParts = 32;
    /// How long the first sign of the other end is waited for, once, when the window is full. A sign that
    /// comes later counts from then on.
    Timeout patience = std::chrono::milliseconds(50);
};

static_assert(std::is_trivially_destructible_v<StreamOptions>);  // as ConnectOptions

/// Fills the room with the next bytes of a stream; how many, 0 at the end. What it throws ends the writing.
using StreamSource = std::function<std::size_t(std::span<std::byte> room)>;

/// Writes one logical value of any size as parts (`more`) with one id, while other messages of the channel go
/// their own way. Move-only. Destroyed before finish(), it tells the reader that there is no more to come:
/// its next() throws ProcessingFailed, and a plain request() gets an answer with Status::ProcessingFailed as
/// the status, raw. One coroutine at a time (a second: NotAllowed); any executor. A traced() handle puts its
/// trace context on the first part.
class TEMPEH_EXPORT StreamWriter {
public:
    /// A request (then see answer()) or a signal.
    explicit StreamWriter(Peer peer, OpCode opCode = OpCode::Request, StreamOptions options = {});
    /// The answer to a received request (of which the first part may be what a StreamReader was made of, then
    /// give its id). Throws Error(InvalidMessageId) while another answers that id.
    StreamWriter(Peer peer, MessagePtr request, StreamOptions options = {});
    StreamWriter(Peer peer, MessageId requestId, StreamOptions options = {});
    /// Leaves an empty handle: every call but assignment throws Error(InvalidChannelNumber); bytesWritten()
    /// and id() give 0.
    StreamWriter(StreamWriter&&) noexcept;
    StreamWriter& operator=(StreamWriter&&) noexcept;
    ~StreamWriter();

    /// Text headers of the part that is sent next: before the first write(), those of the whole. The last
    /// part's are those at finish().
    TextHeaders& textHeaders();

    /// Adds bytes; completes when the engine has all but the last part's worth of them. They must stay until
    /// then. Errors: ChannelClosed, ShutdownStarted, operation_aborted, and NotAllowed when the reader wants
    /// no more. Cancelled, it has added the first of the bytes, which stay in the stream (bytesWritten() says
    /// where to go on), and nothing of earlier calls is lost.
    [[nodiscard]] asio::awaitable<void> write(std::span<const std::byte> bytes);
    [[nodiscard]] asio::awaitable<void> write(std::string_view text);
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto write(std::span<const std::byte> bytes, Token&& token) {
        return detail::asyncFlow<void>(
            *this, [this, bytes]() mutable { return write(bytes); }, std::forward<Token>(token));
    }
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto write(std::string_view text, Token&& token) {
        return detail::asyncFlow<void>(
            *this, [this, text]() mutable { return write(text); }, std::forward<Token>(token));
    }

    /// Adds what `source` gives until it gives nothing, without a copy in between; how many bytes.
    [[nodiscard]] asio::awaitable<std::uint64_t> writeFrom(StreamSource source);
    /// The same with a completion token for void(error_code, std::uint64_t).
    template <detail::FlowToken<std::uint64_t> Token>
    auto writeFrom(StreamSource source, Token&& token) {
        return detail::asyncFlow<std::uint64_t>(
            *this, [this, source = std::move(source)]() mutable { return writeFrom(std::move(source)); },
            std::forward<Token>(token));
    }

    /// Bytes that write() and writeFrom() have added so far.
    std::uint64_t bytesWritten() const noexcept;

    /// Sends the last part, with the application's `status`. Errors as write(); cancelled, it may be called
    /// again. A second call does nothing.
    [[nodiscard]] asio::awaitable<void> finish(std::uint8_t status = 0);
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto finish(std::uint8_t status, Token&& token) {
        return detail::asyncFlow<void>(
            *this, [this, status]() mutable { return finish(status); }, std::forward<Token>(token));
    }

    /// finish(), then the answer to this request: as Peer::request, null at the timeout.
    [[nodiscard]] asio::awaitable<MessagePtr> answer(Timeout timeout = infinite);
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto answer(Timeout timeout, Token&& token) {
        return detail::asyncFlow<MessagePtr>(
            *this, [this, timeout]() mutable { return answer(timeout); }, std::forward<Token>(token));
    }
    /// The answer to this request in any number of parts, as requestStream(). Does not finish(): the other
    /// side may answer while it reads, so that one coroutine writes and another reads. NotAllowed when it was
    /// given already.
    [[nodiscard]] asio::awaitable<StreamReader> answerStream(Timeout timeout = infinite);
    /// The same with a completion token for void(error_code, StreamReader).
    template <detail::FlowToken<StreamReader> Token>
    auto answerStream(Timeout timeout, Token&& token) {
        return detail::asyncFlow<StreamReader>(
            *this, [this, timeout]() mutable { return answerStream(timeout); }, std::forward<Token>(token));
    }

    /// Of the request or signal it is, or of the request it answers.
    MessageId id() const noexcept;
    /// The executor beside the sockets, its peer's.
    asio::any_io_executor executor() const;

    /// False when it was moved from.
    explicit operator bool() const noexcept { return sender_ != nullptr; }

private:
    const std::shared_ptr<detail::StreamSender>& sender() const;

    std::shared_ptr<detail::StreamSender> sender_;
};

}  // namespace tempeh::flows
