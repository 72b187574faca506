#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/core/asio.hpp>
#include <tempeh/flows/detail/flow_operation.hpp>
#include <tempeh/flows/peer.hpp>
#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace tempeh::flows {

namespace detail {
class StreamReaderAccess;
class StreamState;
}  // namespace detail

/// Takes the bytes of a stream as they arrive. An exception ends the reading.
using StreamSink = std::function<void(std::span<const std::byte> bytes)>;

/// Reads one logical value of any size that arrives in parts (`more`), while the channel's other messages go
/// their own way. Move-only. If it is destroyed before the last part, it tells the writer and drops the rest.
/// One coroutine at a time; a second gets NotAllowed. Any executor. With a completion token, as those of
/// Peer, the reader must stay where it is until the operation completes.
///
/// A StreamWriter at the other end is told what was read and sends no more than a window ahead, even before
/// the reader exists. Any other sender is held back only by the engine's own limits.
class TEMPEH_EXPORT StreamReader {
public:
    /// An empty reader, as after a move. Every call except assignment and id() (0) throws
    /// Error(InvalidChannelNumber).
    StreamReader() noexcept;
    /// Reads a stream of requests or signals whose first part receive() returned. Parts that wait to be
    /// received become the reader's. Also works for a message that is complete in itself, and after the
    /// channel has ended: next() then returns the parts that arrived before. Throws Error(InvalidMessageId)
    /// when another reader is in the middle of a stream with that id; `first` is then lost, since it cannot
    /// be told which stream it belongs to.
    StreamReader(Peer peer, MessagePtr first);
    StreamReader(StreamReader&&) noexcept;
    StreamReader& operator=(StreamReader&&) noexcept;
    ~StreamReader();

    /// Returns the next part, with its text headers; null after the last. Cancellation of any type loses
    /// nothing. Errors: ChannelClosed when the channel ended first, ProcessingFailed when the writer gave up.
    [[nodiscard]] asio::awaitable<MessagePtr> next();
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto next(Token&& token) {
        return detail::asyncFlow<MessagePtr>(
            *this, [this]() mutable { return next(); }, std::forward<Token>(token));
    }

    /// Passes every part's bytes to `sink`, on this coroutine's executor. Returns how many bytes there were.
    /// Errors as next().
    [[nodiscard]] asio::awaitable<std::uint64_t> readTo(StreamSink sink);
    /// The same with a completion token for void(error_code, std::uint64_t).
    template <detail::FlowToken<std::uint64_t> Token>
    auto readTo(StreamSink sink, Token&& token) {
        return detail::asyncFlow<std::uint64_t>(
            *this, [this, sink = std::move(sink)]() mutable { return readTo(std::move(sink)); },
            std::forward<Token>(token));
    }

    /// Returns the whole value. Errors as next(); InvalidBodyLen when it has more than `limit` bytes: then no
    /// more is kept, and the stream is ended.
    [[nodiscard]] asio::awaitable<std::string> readAll(std::size_t limit);
    /// The same with a completion token for void(error_code, std::string).
    template <detail::FlowToken<std::string> Token>
    auto readAll(std::size_t limit, Token&& token) {
        return detail::asyncFlow<std::string>(
            *this, [this, limit]() mutable { return readAll(limit); }, std::forward<Token>(token));
    }

    /// The id of the request or signal that the stream is part of.
    MessageId id() const noexcept;
    /// The engine's executor. Throws Error(InvalidChannelNumber) for an empty reader.
    asio::any_io_executor executor() const;

    /// False for an empty reader.
    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    friend class detail::StreamReaderAccess;

    explicit StreamReader(std::shared_ptr<detail::StreamState> state) noexcept;

    std::shared_ptr<detail::StreamState> state_;
};

/// Sends a request and returns its answer as a stream, of one part or many. Returns an empty reader at the
/// timeout, which covers the wait for the first part. Errors as Peer::request().
[[nodiscard]] TEMPEH_EXPORT asio::awaitable<StreamReader> requestStream(Peer peer, MessagePtr request,
                                                                        Timeout timeout = infinite);
/// The same with a completion token for void(error_code, StreamReader).
template <detail::FlowToken<StreamReader> Token>
auto requestStream(Peer peer, MessagePtr request, Timeout timeout, Token&& token) {
    return detail::asyncFlow<StreamReader>(
        peer,
        [peer, request = std::move(request), timeout]() mutable {
            return requestStream(std::move(peer), std::move(request), timeout);
        },
        std::forward<Token>(token));
}

}  // namespace tempeh::flows
