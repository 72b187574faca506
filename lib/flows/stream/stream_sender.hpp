#pragma once

#include "flows/stream/stream_state.hpp"

#include <tempeh/flows/stream_writer.hpp>

namespace tempeh::flows::detail {

class StreamSender;
using SenderPtr = std::shared_ptr<StreamSender>;

/// Cuts a value into parts and sends them no faster than the reader reads. One coroutine at a time.
class StreamSender {
public:
    /// `stream` has the id: of our own request or signal, or of the peer's request. `peer` is its handle, for
    /// the trace context.
    StreamSender(Peer peer, StreamPtr stream, OpCode opCode, StreamOptions options);
    ~StreamSender();

    StreamPtr stream() const noexcept { return stream_; }
    Message& part();
    std::uint64_t bytesWritten() const noexcept { return bytesWritten_; }

    static asio::awaitable<void> write(SenderPtr self, std::span<const std::byte> bytes);
    static asio::awaitable<std::uint64_t> writeFrom(SenderPtr self, StreamSource source);
    static asio::awaitable<void> finish(SenderPtr self, std::uint8_t status);
    static asio::awaitable<StreamReader> answerStream(SenderPtr self, Duration timeout);
    static asio::awaitable<MessagePtr> answer(SenderPtr self, Duration timeout);

private:
    asio::awaitable<void> sendPart(bool more);
    /// Waits until the reader is near enough.
    asio::awaitable<void> pace();
    void checkWanted() const;

    const Peer peer_;
    const StreamPtr stream_;
    const OpCode opCode_;
    const StreamOptions options_;
    MessagePtr part_;  // stays until the engine has it, so that a cancelled writer can go on
    std::uint64_t sent_ = 0;
    std::uint64_t bytesWritten_ = 0;
    bool isPatienceOver_ = false;  // goes ahead until the reader is heard
    bool isFinished_ = false;
};

}  // namespace tempeh::flows::detail
