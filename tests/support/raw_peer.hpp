#pragma once

#include "support/hex.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

/// The other end of a connection in bytes and system calls: shares no code with the library, so it can tell
/// what is really on the wire.
namespace tempeh::test::raw {

/// Limit of every wait; only a broken test reaches it.
inline constexpr std::chrono::seconds limit{30};

/// A descriptor that closes itself.
class Descriptor {
public:
    explicit Descriptor(int value = -1) noexcept : value_(value) {}
    Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        close();
        value_ = std::exchange(other.value_, -1);
        return *this;
    }
    ~Descriptor() { close(); }

    int get() const noexcept { return value_; }
    void close() noexcept {
        if (value_ >= 0) ::close(value_);
        value_ = -1;
    }
    /// False: nothing of `events` happened in time.
    bool waitFor(short events) const {
        pollfd waiting{value_, events, 0};
        const auto end = std::chrono::steady_clock::now() + limit;
        for (;;) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
            if (left.count() <= 0) return false;
            const int found = ::poll(&waiting, 1, static_cast<int>(left.count()));
            if (found > 0) return true;
            if (found < 0 && errno != EINTR) throw std::runtime_error("raw: poll failed");
        }
    }

private:
    int value_;
};

inline Descriptor makeTcpSocket() {
    Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) throw std::runtime_error("raw: no socket");
    return socket;
}

inline sockaddr_in loopbackAddress(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// How a stream ended.
enum class End { Eof, Reset, NotYet };

inline sockaddr_un unixAddress(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
}

/// A connected stream. What fails throws, which fails the test.
class Peer {
public:
    explicit Peer(Descriptor socket) : socket_(std::move(socket)) {
        const int on = 1;
        ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }

    static Peer connectTo(std::uint16_t port) { return connectTo(port, makeTcpSocket()); }
    static Peer connectTo(std::uint16_t port, Descriptor socket) {
        const sockaddr_in address = loopbackAddress(port);
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("raw: connect failed");
        return Peer(std::move(socket));
    }

    /// Of a Unix socket with a path.
    static Peer connectTo(const std::string& path) {
        Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_un address = unixAddress(path);
        if (socket.get() < 0 ||
            ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("raw: connect failed");
        return Peer(std::move(socket));
    }

    void send(std::span<const std::byte> bytes) {
        if (!trySend(bytes)) throw std::runtime_error("raw: send failed");
    }
    /// False: the peer takes no more (it closed or reset the connection).
    bool trySend(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            if (!socket_.waitFor(POLLOUT)) throw std::runtime_error("raw: the peer does not read");
            const ssize_t size =
                ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (size < 0 && (errno == EPIPE || errno == ECONNRESET)) return false;
            if (size < 0 && errno != EAGAIN && errno != EINTR) throw std::runtime_error("raw: send failed");
            if (size > 0) bytes = bytes.subspan(static_cast<std::size_t>(size));
        }
        return true;
    }
    /// What the kernel takes at once, without waiting; how much that is.
    std::size_t sendSome(std::span<const std::byte> bytes) {
        if (bytes.empty()) return 0;
        const ssize_t size = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && errno != EAGAIN && errno != EINTR) throw std::runtime_error("raw: send failed");
        return size > 0 ? static_cast<std::size_t>(size) : 0;
    }
    /// Every byte in a send of its own.
    void sendByteByByte(std::span<const std::byte> bytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i)
            send(bytes.subspan(i, 1));
    }

    /// Exactly so many bytes; fewer only when the stream ended or nothing came in time.
    Bytes receive(std::size_t size) {
        Bytes bytes(size);
        std::size_t have = 0;
        while (have < size && end_ == End::NotYet) {
            const std::size_t more = receiveSome(std::span(bytes).subspan(have));
            if (more == 0 && end_ == End::NotYet) break;
            have += more;
        }
        bytes.resize(have);
        return bytes;
    }
    /// Everything up to the end of the stream.
    Bytes receiveAll() {
        Bytes all;
        Bytes part(4096);
        while (end_ == End::NotYet) {
            const std::size_t size = receiveSome(part);
            if (size == 0 && end_ == End::NotYet) break;
            appendTo(all, std::span(part).first(size));
        }
        return all;
    }
    /// How the stream ended; NotYet: not in time. What comes before is thrown away.
    End waitForEnd() {
        receiveAll();
        return end_;
    }

    bool isOpen() const { return socket_.get() >= 0; }
    void shutdownSend() { ::shutdown(socket_.get(), SHUT_WR); }
    void close() { socket_.close(); }
    /// Ends the connection with an RST.
    void reset() {
        const linger hard{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        socket_.close();
    }

private:
    std::size_t receiveSome(std::span<std::byte> buffer) {
        for (;;) {
            if (!socket_.waitFor(POLLIN)) return 0;
            const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (size > 0) return static_cast<std::size_t>(size);
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            end_ = size == 0 ? End::Eof : End::Reset;
            return 0;
        }
    }

    Descriptor socket_;
    End end_ = End::NotYet;
};

/// A listening TCP socket on this machine's loopback.
class Server {
public:
    Server() : socket_(makeTcpSocket()) {
        const sockaddr_in any = loopbackAddress(0);
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 ||
            ::listen(socket_.get(), 128) != 0)
            throw std::runtime_error("raw: listen failed");
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size);
        port_ = ntohs(bound.sin_port);
    }

    /// On a Unix socket: what its peer has written, and nobody reads, stays as much as it is.
    explicit Server(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const sockaddr_un address = unixAddress(path);
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(socket_.get(), 128) != 0)
            throw std::runtime_error("raw: listen failed");
    }

    std::uint16_t port() const { return port_; }

    Peer accept() {
        if (!socket_.waitFor(POLLIN)) throw std::runtime_error("raw: nobody connected");
        Descriptor accepted(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (accepted.get() < 0) throw std::runtime_error("raw: accept failed");
        return Peer(std::move(accepted));
    }

private:
    Descriptor socket_;
    std::uint16_t port_ = 0;
};

/// A frame to be written by hand, right or wrong; the lengths are those of the parts unless told otherwise.
struct Frame {
    unsigned proto = 0;  ///< Opcode and the bits beside it.
    std::uint64_t id = 1;
    std::uint16_t channel = 1;
    unsigned status = 0;
    std::string headers = {};
    std::string body = {};
    int headersLength = -1;
    int bodyLength = -1;

    Bytes bytes() const {
        Bytes out;
        put(out, channel, 2);
        put(out, proto, 1);
        put(out, status, 1);
        put(out, id, 8);
        put(out, headersLength < 0 ? headers.size() : static_cast<std::size_t>(headersLength), 2);
        put(out, bodyLength < 0 ? body.size() : static_cast<std::size_t>(bodyLength), 2);
        appendTo(out, toBytes(headers));
        appendTo(out, toBytes(body));
        return out;
    }

private:
    static void put(Bytes& out, std::uint64_t value, int size) {
        for (int i = size - 1; i >= 0; --i)
            out.push_back(static_cast<std::byte>(value >> (8 * i)));
    }
};

/// The proto byte's bits beside the opcode.
inline constexpr unsigned originBit = 0x10;
inline constexpr unsigned moreBit = 0x20;
inline constexpr unsigned internalBits = 0xc0;

inline Frame helloRequest(std::uint64_t id = 2) {
    return {.proto = 3, .id = id, .headers = "~connect_to:tcp|127.0.0.1|7099\r\n"};
}
/// Replaces the sender's channel number in a frame's bytes.
inline Bytes withChannel(Bytes frame, std::uint16_t channel) {
    frame.at(0) = static_cast<std::byte>(channel >> 8);
    frame.at(1) = static_cast<std::byte>(channel & 0xff);
    return frame;
}

}  // namespace tempeh::test::raw
