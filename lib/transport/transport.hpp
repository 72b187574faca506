#pragma once

#include "transport/receive_operation.hpp"
#include "transport/timer.hpp"

#include <tempeh/message/status.hpp>
#include <tempeh/transport/credentials.hpp>
#include <tempeh/wire/address.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

/// The contract between the engine and what moves bytes. All calls come from the engine's executor, one at a
/// time. close() and cancel() never block, may be called again, and end pending waits with
/// asio::error::operation_aborted (through the executor, never inline). An object may be destroyed only when
/// none of its awaitables is suspended.
namespace tempeh::transport {

namespace asio = boost::asio;

/// What is known of a connected stream; constant after it is connected.
struct StreamInfo {
    Transport transport = Transport::Tcp;
    std::string localAddress;  // `tcp|HOST|PORT` or `uds|PATH`; `uds|` for an unnamed socket
    std::string peerAddress;
    std::optional<PeerCredentials> peerCredentials;
};

/// A connected byte stream. The descriptor is non-blocking.
class Stream {
public:
    virtual ~Stream() = default;

    /// One read of what is there, into one span after the other. asio::error::would_block: nothing there;
    /// asio::error::eof: the peer's end of stream.
    virtual std::size_t readSome(std::span<const std::span<std::byte>> into, error_code& ec) noexcept = 0;
    std::size_t readSome(std::span<std::byte> into, error_code& ec) noexcept {
        return readSome(std::span<const std::span<std::byte>>(&into, 1), ec);
    }
    /// One gathered write of what the kernel takes. asio::error::would_block: nothing.
    virtual std::size_t writeSome(std::span<const std::span<const std::byte>> from,
                                  error_code& ec) noexcept = 0;

    /// Waits until there is something to read, then reads it as readSome() does; awaited through a
    /// ReceiveOperation. Saves a system call against waitReadable() and readSome(), but holds `into`
    /// meanwhile.
    virtual void startReceive(std::span<std::byte> into, ReceiveOperation::Completion done) = 0;

    /// Suspends until a read or write would make progress (or fail). `ec` outlives the call.
    virtual asio::awaitable<void> waitReadable(error_code& ec) = 0;
    virtual asio::awaitable<void> waitWritable(error_code& ec) = 0;

    /// Tells the peer's kernel at once what has arrived, where it would wait for something to go with it.
    /// Costs a system call.
    virtual void acknowledgeNow() noexcept {}

    /// Sends end-of-stream behind what was written.
    virtual void shutdownSend() noexcept = 0;
    virtual void close() noexcept = 0;
    /// Whether close() could lose written bytes: some are not with the peer's kernel yet, and whatever the
    /// peer sends after close() would make this side's kernel drop them.
    virtual bool hasUnsent() const noexcept = 0;
    virtual const StreamInfo& info() const noexcept = 0;
};

inline void ReceiveOperation::startReceive(Stream& stream, std::span<std::byte> into, Completion done) {
    stream.startReceive(into, std::move(done));
}

struct SocketOptions {
    bool noDelay = true;         // TCP_NODELAY
    bool keepAlive = false;      // SO_KEEPALIVE
    int sendBufferBytes = 0;     // SO_SNDBUF; 0: the system's
    int receiveBufferBytes = 0;  // SO_RCVBUF; 0: the system's
    int backlog = 4096;          // listen(2)
    /// For a name with several addresses: what they share.
    std::chrono::steady_clock::duration connectTimeout = std::chrono::seconds(10);
};

/// One attempt to connect.
class Connector {
public:
    virtual ~Connector() = default;
    /// Resolves (never blocking the caller) and connects, each resolved endpoint in turn. One that does not
    /// answer has its share of the time, and another when the others have failed. Null with `ec` set on
    /// failure; `ec` is the last endpoint's.
    virtual asio::awaitable<std::unique_ptr<Stream>> connect(Address address, error_code& ec) = 0;
    /// Ends connect() with operation_aborted.
    virtual void cancel() noexcept = 0;
};

/// A listening socket.
class Listener {
public:
    virtual ~Listener() = default;
    /// Binds and listens; once.
    virtual asio::awaitable<void> open(Address address, error_code& ec) = 0;
    /// What was really bound (port and path resolved); after open().
    virtual Address boundAddress() const = 0;
    /// The next connection; null with `ec` set on failure (out of descriptors: system error EMFILE and the
    /// like; try again later).
    virtual asio::awaitable<std::unique_ptr<Stream>> accept(error_code& ec) = 0;
    /// Stops listening; a Unix socket file that is still its own is removed.
    virtual void close() noexcept = 0;
};

/// Makes connectors, listeners and timers: the engine's only way to the outside.
class Network {
public:
    virtual ~Network() = default;
    virtual std::unique_ptr<Connector> makeConnector() = 0;
    virtual std::unique_ptr<Listener> makeListener() = 0;
    virtual std::unique_ptr<Timer> makeTimer() = 0;
};

/// The operating system's sockets, for an engine on `executor`.
std::unique_ptr<Network> makeSocketNetwork(asio::any_io_executor executor, const SocketOptions& options);

/// The Status that tells an application why connect() failed.
Status connectStatus(const error_code& ec, const Address& address) noexcept;

/// True for the errors that tell of the peer, or of the way to it; the others are this side's.
bool isOfPeer(const error_code& ec) noexcept;

/// True for the errors of a process or system out of descriptors or memory: worth waiting for.
bool isOutOfResources(const error_code& ec) noexcept;

}  // namespace tempeh::transport
