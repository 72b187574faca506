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

/// How to cut and pace a stream. An aggregate for designated initialisers. StreamWriter's constructor throws
/// Error(InvalidOption) when a field is out of range.
struct StreamOptions {
    /// Body size of every part but the last, in bytes. 1 to 65,535.
    std::size_t partBytes = 65'535;
    /// The most parts sent ahead of the reader, so that neither side holds much of the stream and the
    /// channel's other messages do not wait long behind it. It is four until the reader has read the first
    /// part. 0: no limit but the engine's. Needs a Peer at the other end, whose StreamReader may come at any
    /// time. With any other peer (tofu knows no windows) the stream goes on as with 0 after `patience`.
    std::size_t windowParts = 32;
    /// How long to wait, once, for a first sign of the other end when the window is full. A sign that comes
    /// later counts from then on.
    Timeout patience = std::chrono::milliseconds(50);
};

static_assert(std::is_trivially_destructible_v<StreamOptions>);  // as for ConnectOptions

/// Fills `room` with the next bytes of a stream and returns how many, 0 at the end. An exception ends the
/// writing.
using StreamSource = std::function<std::size_t(std::span<std::byte> room)>;

/// Writes one logical value of any size as parts (`more`) with one id, while the channel's other messages go
/// their own way. Move-only. If it is destroyed before finish(), it tells the reader that no more will come:
/// next() there throws ProcessingFailed, and a plain request() gets an answer whose raw status is
/// Status::ProcessingFailed. One coroutine at a time; a second gets NotAllowed. Any executor. With a
/// completion token, as those of Peer, the writer must stay where it is until the operation completes. A
/// traced() handle puts its trace context on the first part.
class TEMPEH_EXPORT StreamWriter {
public:
    /// Writes a request (then see answer()) or a signal.
    explicit StreamWriter(Peer peer, OpCode opCode = OpCode::Request, StreamOptions options = {});
    /// Writes the answer to a received request. If a StreamReader took the request, pass its id. Throws
    /// Error(InvalidMessageId) while another writer answers that id.
    StreamWriter(Peer peer, MessagePtr request, StreamOptions options = {});
    StreamWriter(Peer peer, MessageId requestId, StreamOptions options = {});
    /// Leaves an empty writer: every call except assignment throws Error(InvalidChannelNumber);
    /// bytesWritten() and id() return 0.
    StreamWriter(StreamWriter&&) noexcept;
    StreamWriter& operator=(StreamWriter&&) noexcept;
    ~StreamWriter();

    /// Text headers of the next part to be sent. Before the first write() they are those of the whole value;
    /// those of the last part are the ones at finish().
    TextHeaders& textHeaders();

    /// Adds bytes. Completes when the engine has all of them except what fits into the last part. The bytes
    /// must stay valid until then. Errors: ChannelClosed, ShutdownStarted, operation_aborted; NotAllowed when
    /// the reader wants no more. A cancelled call has added the first of the bytes, which stay in the stream
    /// (bytesWritten() says where to continue). Nothing of earlier calls is lost.
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

    /// Adds what `source` provides until it returns 0, without an extra copy. Returns how many bytes.
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

    /// Sends the last part, with the application's `status`. Errors as write(). After cancellation it may be
    /// called again. A second call does nothing.
    [[nodiscard]] asio::awaitable<void> finish(std::uint8_t status = 0);
    /// The same with a completion token for void(error_code).
    template <detail::FlowToken<void> Token>
    auto finish(std::uint8_t status, Token&& token) {
        return detail::asyncFlow<void>(
            *this, [this, status]() mutable { return finish(status); }, std::forward<Token>(token));
    }

    /// Calls finish(), then waits for the answer to this request: as Peer::request(), null at the timeout.
    [[nodiscard]] asio::awaitable<MessagePtr> answer(Timeout timeout = infinite);
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto answer(Timeout timeout, Token&& token) {
        return detail::asyncFlow<MessagePtr>(
            *this, [this, timeout]() mutable { return answer(timeout); }, std::forward<Token>(token));
    }
    /// Returns the answer to this request, in any number of parts, as requestStream() does. Does not call
    /// finish(): the other side may answer while it reads, so one coroutine can write while another reads.
    /// NotAllowed when it was already called.
    [[nodiscard]] asio::awaitable<StreamReader> answerStream(Timeout timeout = infinite);
    /// The same with a completion token for void(error_code, StreamReader).
    template <detail::FlowToken<StreamReader> Token>
    auto answerStream(Timeout timeout, Token&& token) {
        return detail::asyncFlow<StreamReader>(
            *this, [this, timeout]() mutable { return answerStream(timeout); }, std::forward<Token>(token));
    }

    /// The id of this request or signal, or of the request that it answers.
    MessageId id() const noexcept;
    /// The engine's executor.
    asio::any_io_executor executor() const;

    /// False after a move from it.
    explicit operator bool() const noexcept { return sender_ != nullptr; }

private:
    const std::shared_ptr<detail::StreamSender>& sender() const;

    std::shared_ptr<detail::StreamSender> sender_;
};

}  // namespace tempeh::flows
