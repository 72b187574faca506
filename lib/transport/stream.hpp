#pragma once

#include "transport/awaited_operation.hpp"

#include <tempeh/message/status.hpp>
#include <tempeh/transport/credentials.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace tempeh::transport {

namespace asio = boost::asio;

/// Facts about a connected stream; constant once it is connected (but see StreamTraits::identifiesLate).
struct StreamInfo {
    tempeh::Transport transport = tempeh::Transport::Other;
    std::string localAddress;  // `SCHEME|PLACE`; `uds|` for an unnamed socket
    std::string peerAddress;
    std::optional<PeerCredentials> peerCredentials;
    std::shared_ptr<const PeerCertificate> peerCertificate = nullptr;
};

/// Properties of a stream that the engine can exploit; constant. The defaults are correct for every stream;
/// the other values allow it to be faster.
struct StreamTraits {
    /// writeSome() may run on any thread, concurrently with a reader on the executor. A thread then writes
    /// its reply itself and wakes no other thread. False where reading may have to write (TLS).
    bool writesOnAnyThread = false;
    /// The peer may wait for acknowledgements that the local system delays; acknowledgeNow() sends them.
    bool delaysAcknowledgements = false;
    /// info() is complete only once readSome() has returned data: the peer proves who it is before that.
    bool identifiesLate = false;
    /// Accepted streams: time from accept to the HelloRequest, if shorter than the engine's. Zero: the
    /// engine's alone.
    std::chrono::steady_clock::duration helloLimit{};
};

class Stream;

/// A connected stream without an executor, on its way from one engine to another. Destroying it closes the
/// connection. One thread at a time.
class DetachedStream {
public:
    DetachedStream() = default;
    virtual ~DetachedStream() = default;
    DetachedStream(const DetachedStream&) = delete;
    DetachedStream& operator=(const DetachedStream&) = delete;

    /// Turns it into a stream on `executor`; called once, on that executor. On failure returns null and sets
    /// `ec`, or throws std::bad_alloc; the connection is then closed.
    virtual std::unique_ptr<Stream> attach(const asio::any_io_executor& executor, error_code& ec) = 0;
};

/// A connected byte stream. The rules of transport.hpp apply. Two parties use it concurrently:
///
/// - the reader, on the executor: readSome(), startReceive(), waitReadable(), acknowledgeNow();
/// - the writer: writeSome(), on the executor or, with writesOnAnyThread, on any thread. There is one writer
///   at a time, and each sees the effects of the one before it.
///
/// waitWritable(), shutdownSend(), hasUnsent() and close() are called on the executor and only while no other
/// thread is the writer. traits(), info() and peerIdentity() read only constant data.
///
/// Readiness refers to the stream, not to a descriptor behind it. Data that it has decrypted or buffered
/// counts as readable, and a write that must first hear from the peer is not writable until then.
class Stream {
public:
    virtual ~Stream() = default;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    const StreamTraits& traits() const noexcept { return traits_; }

    /// Reads the available data into the spans in order; at least one of them has room. Never blocks. Errors:
    /// would_block (nothing available), eof (the peer's end of stream; every later call returns it again),
    /// operation_aborted (closed), or why the connection was lost. Data that arrived before an error is
    /// returned first.
    virtual std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept = 0;
    std::size_t readSome(std::span<std::byte> into, error_code& ec) noexcept {
        return readSome(std::span<const std::span<std::byte>>(&into, 1), ec);
    }
    /// Writes as much as the stream accepts, in the order of the spans, and returns the byte count; less than
    /// all means that it accepts no more now. Never blocks, raises no signal, keeps no span. Errors, with
    /// nothing written: would_block, operation_aborted (closed), or why the connection was lost (isOfPeer()).
    /// After a short write or would_block, the next call starts with the first byte that was not accepted,
    /// possibly at another place in memory and with more data after it.
    virtual std::size_t writeSome(std::span<const std::span<const std::byte>> from,
                                  error_code& ec) noexcept = 0;

    /// Waits for data, then reads it like readSome(); awaited through an AwaitedOperation. `into` belongs
    /// to the stream until `done` is called or destroyed. Only one startReceive() or waitReadable() at a
    /// time. Saves a system call compared with waitReadable() and readSome(). If it throws std::bad_alloc,
    /// nothing has started.
    virtual void startReceive(std::span<std::byte> into, AwaitedOperation::Completion done) = 0;

    /// Suspends until a read or write would make progress (or fail). `ec`: cleared, operation_aborted
    /// (closed), no_memory or the system's error. One of each kind at a time.
    virtual asio::awaitable<void> waitReadable(error_code& ec) = 0;
    virtual asio::awaitable<void> waitWritable(error_code& ec) = 0;

    /// With delaysAcknowledgements: acknowledges received data at once; the system might otherwise wait for
    /// data to send along with it. Costs a system call.
    virtual void acknowledgeNow() noexcept {}

    /// Sends end-of-stream after the data written so far; reading continues. Called at most once.
    virtual void shutdownSend() noexcept = 0;
    /// Ends both directions. Written data is still delivered, unless hasUnsent() was true.
    virtual void close() noexcept = 0;
    /// Whether close() could lose written data: the peer's side does not have all of it yet, and if the peer
    /// sent anything after close(), the local system would drop the rest.
    virtual bool hasUnsent() const noexcept = 0;

    /// Removes the connection from its executor; afterwards only the destructor may be called. Call it before
    /// the first read or wait. If it returns null or throws std::bad_alloc, nothing has changed.
    virtual std::unique_ptr<DetachedStream> detach() { return nullptr; }

    virtual const StreamInfo& info() const noexcept = 0;
    /// What all connections of one peer share and those of other peers do not; used for limits per peer.
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
