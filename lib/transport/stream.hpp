#pragma once

#include "transport/awaited_operation.hpp"

#include <tempeh/message/status.hpp>
#include <tempeh/transport/credentials.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace tempeh::transport {

namespace asio = boost::asio;

/// What is known of a connected stream; constant after it is connected.
struct StreamInfo {
    tempeh::Transport transport = tempeh::Transport::Other;
    std::string localAddress;  // `SCHEME|PLACE`; `uds|` for an unnamed socket
    std::string peerAddress;
    std::optional<PeerCredentials> peerCredentials;
};

/// What the engine has to know of a stream to use it well; constant. The defaults are right for any stream,
/// the others let it be faster.
struct StreamTraits {
    /// writeSome() may be called on any thread, beside a reader on the executor. A thread then writes its
    /// answer itself and wakes nobody. False where reading may have to write (TLS).
    bool writesOnAnyThread = false;
    /// A peer may wait for acknowledgements that this side's system puts off: acknowledgeNow() helps.
    bool delaysAcknowledgements = false;
};

/// A connected byte stream. The rules of transport.hpp hold. Two parties use it at the same time:
///
/// - the reader, on the executor: readSome(), startReceive(), waitReadable(), acknowledgeNow();
/// - the writer: writeSome(), on the executor or, with writesOnAnyThread, on any thread. There is one writer
///   at a time, and each sees what the one before it did.
///
/// waitWritable(), shutdownSend(), hasUnsent() and close() are called on the executor and only while no other
/// thread is the writer. traits(), info() and peerIdentity() only read what is constant.
///
/// Readiness is the stream's, not that of a descriptor behind it: what it has decrypted or buffered counts as
/// there to be read, and a write that needs the peer to speak first is not writable until it spoke.
class Stream {
public:
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    const StreamTraits& traits() const noexcept { return traits_; }

    /// Reads what is there, into one span after the other; at least one of them has room. Never blocks.
    /// Errors: would_block (nothing there), eof (the peer's end of stream, again at every later call),
    /// operation_aborted (closed), or why the connection is gone. What arrived before an error is given
    /// first.
    virtual std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept = 0;
    std::size_t readSome(std::span<std::byte> into, error_code& ec) noexcept {
        return readSome(std::span<const std::span<std::byte>>(&into, 1), ec);
    }
    /// Writes as much as is taken, in the order of the spans, and says how much; less than all means that no
    /// more goes in now. Never blocks, raises no signal, keeps no span. Errors, with nothing written:
    /// would_block, operation_aborted (closed), or why the connection is gone (isOfPeer()). After a short
    /// write or would_block the next call begins with the first byte that was not taken, from another place
    /// in memory perhaps and with more behind it.
    virtual std::size_t writeSome(std::span<const std::span<const std::byte>> from,
                                  error_code& ec) noexcept = 0;

    /// Waits until there is something to read, then reads it as readSome() does; awaited through a
    /// AwaitedOperation. `into` is the stream's until `done` is called or destroyed. One of these or of
    /// waitReadable() at a time. Saves a system call against waitReadable() and readSome(). Throws
    /// std::bad_alloc, then nothing has begun.
    virtual void startReceive(std::span<std::byte> into, AwaitedOperation::Completion done) = 0;

    /// Suspends until a read or write would make progress (or fail). `ec`: cleared, operation_aborted
    /// (closed), no_memory or what the system says. One of each kind at a time.
    virtual asio::awaitable<void> waitReadable(error_code& ec) = 0;
    virtual asio::awaitable<void> waitWritable(error_code& ec) = 0;

    /// With delaysAcknowledgements: tells the peer's side at once what has arrived, where it would wait for
    /// something to go with it. Costs a system call.
    virtual void acknowledgeNow() noexcept {}

    /// Sends end-of-stream behind what was written; reading goes on. Not called twice.
    virtual void shutdownSend() noexcept = 0;
    /// Ends both directions. What was written goes out still, as far as hasUnsent() said nothing else.
    virtual void close() noexcept = 0;
    /// Whether close() could lose written bytes: some are not with the peer's side yet, and whatever the peer
    /// sends after close() would make this side drop them.
    virtual bool hasUnsent() const noexcept = 0;

    virtual const StreamInfo& info() const noexcept = 0;
    /// What all connections of one peer have in common, and those of another have not, for limits per peer.
    virtual std::string peerIdentity() const { return info().peerAddress; }

protected:
    Stream() noexcept = default;
    explicit Stream(const StreamTraits& traits) noexcept : traits_(traits) {}

private:
    const StreamTraits traits_{};
};

inline void AwaitedOperation::startReceive(Stream& stream, std::span<std::byte> into, Completion done) {
    stream.startReceive(into, std::move(done));
}

}  // namespace tempeh::transport
