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

/// Takes the bytes of a stream as they come; what it throws ends the reading.
using StreamSink = std::function<void(std::span<const std::byte> bytes)>;

/// Reads one logical value of any size that comes in parts (`more`), while other messages of the channel go
/// their own way. Move-only. Destroyed before the last part, it lets the writer know and drops what still
/// comes. One coroutine at a time (a second: NotAllowed); any executor.
///
/// A StreamWriter at the other end is told what was read, and sends no more than a window ahead, also before
/// the reader is made; any other sender is held back by the engine's own limits alone.
class TEMPEH_EXPORT StreamReader {
public:
    /// Nothing to read: every call but assignment and id() (0) throws Error(InvalidChannelNumber), as when it
    /// was moved from.
    StreamReader() noexcept;
    /// A stream of requests or signals whose first part receive() gave. Parts that wait to be received are
    /// taken over. Also for a message that is all there is, and when the channel has ended since: next()
    /// gives the parts that came before that. Throws Error(InvalidMessageId) when another reader is in the
    /// middle of a stream with that id: `first` is lost then, it cannot be told which of them it is part of.
    StreamReader(Peer peer, MessagePtr first);
    StreamReader(StreamReader&&) noexcept;
    StreamReader& operator=(StreamReader&&) noexcept;
    ~StreamReader();

    /// The next part, with its text headers; null after the last. Cancellation (all types) loses nothing.
    /// Errors: ChannelClosed when the channel ended first, ProcessingFailed when the writer gave up.
    [[nodiscard]] asio::awaitable<MessagePtr> next();
    /// The same with a completion token for void(error_code, MessagePtr).
    template <detail::FlowToken<MessagePtr> Token>
    auto next(Token&& token) {
        return detail::asyncFlow<MessagePtr>(
            *this, [this]() mutable { return next(); }, std::forward<Token>(token));
    }

    /// Gives every part's bytes to `sink`, on this coroutine's executor; how many there were. Errors as
    /// next().
    [[nodiscard]] asio::awaitable<std::uint64_t> readTo(StreamSink sink);
    /// The same with a completion token for void(error_code, std::uint64_t).
    template <detail::FlowToken<std::uint64_t> Token>
    auto readTo(StreamSink sink, Token&& token) {
        return detail::asyncFlow<std::uint64_t>(
            *this, [this, sink = std::move(sink)]() mutable { return readTo(std::move(sink)); },
            std::forward<Token>(token));
    }

    /// The whole value in memory. Errors as next(); InvalidBodyLen when it has more than `limit` bytes:
    /// nothing beyond them is kept, and the stream is ended.
    [[nodiscard]] asio::awaitable<std::string> readAll(std::size_t limit);
    /// The same with a completion token for void(error_code, std::string).
    template <detail::FlowToken<std::string> Token>
    auto readAll(std::size_t limit, Token&& token) {
        return detail::asyncFlow<std::string>(
            *this, [this, limit]() mutable { return readAll(limit); }, std::forward<Token>(token));
    }

    /// Of the request or signal it is part of.
    MessageId id() const noexcept;
    /// The executor beside the sockets, its peer's. Throws Error(InvalidChannelNumber) with nothing to read.
    asio::any_io_executor executor() const;

    /// False when there is nothing to read.
    explicit operator bool() const noexcept { return state_ != nullptr; }

private:
    friend class detail::StreamReaderAccess;

    explicit StreamReader(std::shared_ptr<detail::StreamState> state) noexcept;

    std::shared_ptr<detail::StreamState> state_;
};

/// Sends a request and gives its answer as a stream, of one part or many. An empty reader at the timeout,
/// which is for the first part. Errors as Peer::request.
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
