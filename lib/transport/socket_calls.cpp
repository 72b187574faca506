#include "transport/socket_calls.hpp"

#include "transport/endpoints.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <sys/ioctl.h>
#include <sys/socket.h>
#ifdef __linux__
#include <linux/sockios.h>
#endif
#include <sys/uio.h>
#include <unistd.h>

namespace tempeh::transport {

namespace {

#if defined(MSG_NOSIGNAL)
constexpr int sendFlags = MSG_NOSIGNAL;
#else
constexpr int sendFlags = 0;  // SO_NOSIGPIPE is set on the socket instead
#endif

constexpr std::size_t maxVectors = 64;

error_code lastError() noexcept {
    return {errno, boost::asio::error::get_system_category()};
}

#if !defined(__linux__)
void prepareDescriptor(int descriptor) noexcept {
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
#if defined(SO_NOSIGPIPE)
    const int on = 1;
    ::setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
}
#endif

int makeDescriptor(int family) noexcept {
#if defined(__linux__)
    return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
#else
    const int descriptor = ::socket(family, SOCK_STREAM, 0);
    if (descriptor >= 0) prepareDescriptor(descriptor);
    return descriptor;
#endif
}

int acceptDescriptor(int listener, sockaddr* peer, socklen_t* size) noexcept {
#if defined(__linux__)
    return ::accept4(listener, peer, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
#else
    const int descriptor = ::accept(listener, peer, size);
    if (descriptor >= 0) prepareDescriptor(descriptor);
    return descriptor;
#endif
}

/// Gives the descriptor to the socket, or closes it: Asio may find no memory to watch it.
template <typename Socket>
void assign(Socket& socket, int family, int descriptor, error_code& ec) noexcept {
    try {
        socket.assign(StreamProtocol(family, 0), descriptor, ec);
    } catch (const std::bad_alloc&) {
        ec = asio::error::no_memory;
    }
    if (ec) ::close(descriptor);
}

template <typename Socket>
void open(Socket& socket, int family, error_code& ec) {
    const int descriptor = makeDescriptor(family);
    if (descriptor >= 0)
        assign(socket, family, descriptor, ec);
    else
        ec = lastError();
}

/// The system lets a TCP send buffer grow to several megabytes, for networks that take long to answer. The
/// loopback network answers at once; there it only moves what is on its way out of the cache. With this bound
/// a stream of 256 bytes is 1.3 times as fast, one of 65,000 bytes twice (measured, both sides on one core).
constexpr int loopbackSendBuffer = 256 * 1024;

template <typename Socket>
void applyBufferSizes(Socket& socket, const SocketOptions& options) noexcept {
    error_code ignored;
    if (options.sendBufferBytes > 0) {
        socket.set_option(asio::socket_base::send_buffer_size(options.sendBufferBytes), ignored);
    }
    if (options.receiveBufferBytes > 0) {
        socket.set_option(asio::socket_base::receive_buffer_size(options.receiveBufferBytes), ignored);
    }
}

/// Spans as the system wants them.
class Vectors {
public:
    template <typename Byte>
    explicit Vectors(std::span<const std::span<Byte>> spans) noexcept
        : size_(std::min(spans.size(), maxVectors)) {
        for (std::size_t i = 0; i < size_; ++i) {
            vectors_[i].iov_base = const_cast<std::byte*>(spans[i].data());
            vectors_[i].iov_len = spans[i].size();
        }
    }
    const iovec* data() const noexcept { return vectors_.data(); }
    int size() const noexcept { return static_cast<int>(size_); }
    msghdr message() noexcept {
        msghdr message{};
        message.msg_iov = vectors_.data();
        message.msg_iovlen = static_cast<decltype(message.msg_iovlen)>(size_);
        return message;
    }

private:
    std::array<iovec, maxVectors> vectors_;
    std::size_t size_;
};

// `call` is one send or receive; an interrupted one did nothing and is made again.
template <typename Call>
std::size_t transfer(const Call& call, error_code& ec) noexcept {
    for (;;) {
        const ssize_t count = call();
        if (count >= 0) {
            ec.clear();
            return static_cast<std::size_t>(count);
        }
        if (errno == EINTR) continue;
        ec = errno == EAGAIN || errno == EWOULDBLOCK ? asio::error::would_block : lastError();
        return 0;
    }
}

}  // namespace

void openSocket(StreamSocket& socket, const StreamEndpoint& endpoint, error_code& ec) {
    open(socket, endpoint.protocol().family(), ec);
}

void openSocket(StreamAcceptor& acceptor, const StreamEndpoint& endpoint, error_code& ec) {
    open(acceptor, endpoint.protocol().family(), ec);
}

void connectOnce(StreamSocket& socket, const StreamEndpoint& endpoint, error_code& ec) noexcept {
    ec.clear();
    if (::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0)
        return;
    ec = errno == EAGAIN || errno == EINPROGRESS ? asio::error::would_block : lastError();
}

void acceptOnce(StreamAcceptor& acceptor, StreamSocket& accepted, StreamEndpoint& peer, error_code& ec) {
    auto size = static_cast<socklen_t>(peer.capacity());
    const int descriptor = acceptDescriptor(acceptor.native_handle(), peer.data(), &size);
    if (descriptor < 0) {
        ec = errno == EAGAIN || errno == EWOULDBLOCK ? asio::error::would_block : lastError();
        return;
    }
    peer.resize(size);
    assign(accepted, peer.protocol().family(), descriptor, ec);
}

std::size_t receiveOnce(int descriptor, std::span<const std::span<std::byte>> into, error_code& ec) noexcept {
    std::size_t count = 0;
    if (into.size() == 1) {
        count = transfer([&] { return ::recv(descriptor, into[0].data(), into[0].size(), 0); }, ec);
        if (into[0].empty()) return count;
    } else {
        // readv() rather than recvmsg(): no message header to copy, a tenth of a microsecond.
        Vectors vectors(into);
        count = transfer([&] { return ::readv(descriptor, vectors.data(), vectors.size()); }, ec);
    }
    if (count == 0 && !ec) ec = asio::error::eof;
    return count;
}

std::size_t sendOnce(int descriptor, std::span<const std::span<const std::byte>> from,
                     error_code& ec) noexcept {
    if (from.size() == 1)
        return transfer([&] { return ::send(descriptor, from[0].data(), from[0].size(), sendFlags); }, ec);
    Vectors vectors(from);
    const msghdr message = vectors.message();
    return transfer([&] { return ::sendmsg(descriptor, &message, sendFlags); }, ec);
}

void applyOptions(StreamSocket& socket, const SocketOptions& options, const StreamEndpoint& peer) noexcept {
    error_code ignored;
    applyBufferSizes(socket, options);
    if (peer.protocol().family() == AF_UNIX) return;
    if (options.sendBufferBytes == 0 && isLoopback(peer))
        socket.set_option(asio::socket_base::send_buffer_size(loopbackSendBuffer), ignored);
    if (options.noDelay) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    if (options.keepAlive) socket.set_option(asio::socket_base::keep_alive(true), ignored);
}

void applyOptions(StreamAcceptor& acceptor, const SocketOptions& options) noexcept {
    applyBufferSizes(acceptor, options);
}

std::size_t unsentBytes(int descriptor) noexcept {
#ifdef SIOCOUTQ
    int bytes = 0;
    if (::ioctl(descriptor, SIOCOUTQ, &bytes) == 0 && bytes > 0) return static_cast<std::size_t>(bytes);
#else
    (void)descriptor;
#endif
    return 0;
}

}  // namespace tempeh::transport
