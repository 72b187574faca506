#pragma once

#include <tempeh/base/export.hpp>
#include <tempeh/flows/blocking_peer.hpp>
#include <tempeh/flows/stream_reader.hpp>
#include <tempeh/flows/stream_writer.hpp>
#include <tempeh/message/message.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tempeh::flows {

/// A StreamReader for threads: the same calls, which block. Move-only. One thread at a time. On the engine's
/// own thread they throw Error(NotAllowed). Each call costs a coroutine on the engine. While nothing runs the
/// engine's context, they block.
class TEMPEH_EXPORT BlockingStreamReader {
public:
    /// An empty reader, as after a move.
    BlockingStreamReader() noexcept = default;
    /// As StreamReader: reads a stream whose first part receive() returned.
    BlockingStreamReader(const BlockingPeer& peer, MessagePtr first);
    /// Takes over what `reader` of that peer reads.
    BlockingStreamReader(Peer peer, StreamReader reader) noexcept
        : peer_(std::move(peer)), reader_(std::move(reader)) {}

    /// The next part; null after the last. Errors as StreamReader::next().
    MessagePtr next();
    /// Passes every part's bytes to `sink`, on this thread. Returns how many bytes there were.
    std::uint64_t readTo(const StreamSink& sink);
    /// The whole value. InvalidBodyLen when it has more than `limit` bytes: then the stream is ended.
    std::string readAll(std::size_t limit);

    /// The request's number.
    MessageId id() const noexcept { return reader_.id(); }
    /// False for an empty reader.
    explicit operator bool() const noexcept { return static_cast<bool>(reader_); }

private:
    Peer peer_;
    StreamReader reader_;
};

/// A StreamWriter for threads, as BlockingStreamReader is a StreamReader.
class TEMPEH_EXPORT BlockingStreamWriter {
public:
    /// Writes a request (then see answer()) or a signal.
    explicit BlockingStreamWriter(const BlockingPeer& peer, OpCode opCode = OpCode::Request,
                                  StreamOptions options = {});
    /// Writes the answer to a received request.
    BlockingStreamWriter(const BlockingPeer& peer, MessagePtr request, StreamOptions options = {});

    /// As StreamWriter::textHeaders().
    TextHeaders& textHeaders() { return writer_.textHeaders(); }
    /// Adds bytes, no further ahead of the reader than its window. Errors as StreamWriter::write().
    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    /// Sends the last part, with the application's `status`.
    void finish(std::uint8_t status = 0);
    /// Calls finish(), then waits for the answer to this request: null at the timeout.
    MessagePtr answer(Timeout timeout = infinite);
    /// The answer in any number of parts. Calls no finish(). Empty at the timeout.
    BlockingStreamReader answerStream(Timeout timeout = infinite);

    /// As StreamWriter::bytesWritten().
    std::uint64_t bytesWritten() const noexcept { return writer_.bytesWritten(); }
    /// The request's number.
    MessageId id() const noexcept { return writer_.id(); }

private:
    Peer peer_;
    StreamWriter writer_;
};

/// As requestStream(), for threads: an empty reader at the timeout.
[[nodiscard]] TEMPEH_EXPORT BlockingStreamReader requestStream(const BlockingPeer& peer, MessagePtr request,
                                                               Timeout timeout = infinite);

}  // namespace tempeh::flows
