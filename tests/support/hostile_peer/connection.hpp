#pragma once

#include "support/raw_peer.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <random>
#include <string>
#include <string_view>

/// Connections of a program that means no good. Unlike raw::Peer nothing here throws or waits for long: what
/// the other side does is counted, and the next connection is tried.
namespace tempeh::test::hostile {

/// What a kind did; in memory that its process shares with the one that reports.
struct Tally {
    std::atomic<std::uint64_t> connections;  ///< Made.
    std::atomic<std::uint64_t> refused;      ///< Not made.
    std::atomic<std::uint64_t> ended;        ///< Ended by the other side.
    std::atomic<std::uint64_t> bytes;        ///< Sent.
};

/// Where to connect to: `tcp|HOST|PORT` with a literal IPv4 host, or `uds|PATH`.
class Target {
public:
    /// `sources`: from how many addresses of 127.1.0.0/16 connections to 127.0.0.1 come; 0: the system's
    /// choice.
    static std::optional<Target> parse(std::string_view text, unsigned sources) {
        Target target;
        target.sources_ = sources;
        if (text.starts_with("uds|")) {
            target.path_ = text.substr(4);
            if (target.path_.empty() || target.path_.size() > sizeof(sockaddr_un::sun_path)) return {};
            return target;
        }
        const std::size_t bar = text.rfind('|');
        if (!text.starts_with("tcp|") || bar < 4) return {};
        const std::string host(text.substr(4, bar - 4));
        std::uint16_t port = 0;
        const char* const end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data() + bar + 1, end, port);
        if (parsed.ec != std::errc() || parsed.ptr != end) return {};
        target.tcp_ = raw::loopbackAddress(port);
        if (::inet_pton(AF_INET, host.empty() ? "127.0.0.1" : host.c_str(), &target.tcp_.sin_addr) != 1)
            return {};
        return target;
    }

    /// Not open when the other side refuses, or does not answer soon.
    raw::Descriptor connect() {
        raw::Descriptor socket(::socket(path_.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
        if (path_.empty() && sources_ != 0) bindSource(socket);
        const int result = path_.empty() ? connectTo(socket, tcp_) : connectUnix(socket);
        if (result == 0) return socket;
        if (errno != EINPROGRESS) return raw::Descriptor();
        pollfd waiting{socket.get(), POLLOUT, 0};
        int failure = 0;
        socklen_t size = sizeof failure;
        const bool done = ::poll(&waiting, 1, 500) == 1 &&
                          ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0;
        return done && failure == 0 ? std::move(socket) : raw::Descriptor();
    }

private:
    template <typename Name>
    static int connectTo(const raw::Descriptor& socket, const Name& name, socklen_t size = sizeof(Name)) {
        return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), size);
    }
    int connectUnix(const raw::Descriptor& socket) const {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::memcpy(name.sun_path, path_.data(), path_.size());
        // `@name`: the abstract name space.
        const bool isAbstract = path_.front() == '@';
        if (isAbstract) name.sun_path[0] = '\0';
        const std::size_t size = offsetof(sockaddr_un, sun_path) + path_.size() + (isAbstract ? 0 : 1);
        return connectTo(socket, name, static_cast<socklen_t>(size));
    }
    void bindSource(const raw::Descriptor& socket) {
        sockaddr_in from = raw::loopbackAddress(0);
        next_ = (next_ + 1) % sources_;
        from.sin_addr.s_addr = htonl(0x7f010001U + next_);
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from);
    }

    sockaddr_in tcp_{};
    std::string path_;
    unsigned sources_ = 0;
    unsigned next_ = 0;
};

/// One connection; never waits.
class Connection {
public:
    Connection(raw::Descriptor socket, Tally& tally) : socket_(std::move(socket)), tally_(&tally) {}

    bool isOpen() const { return socket_.get() >= 0; }
    int descriptor() const { return socket_.get(); }

    /// What the kernel takes of it; false when the connection is over.
    bool send(std::span<const std::byte> bytes) {
        sendSome(bytes);
        return isOpen();
    }
    bool send(const raw::Frame& frame) { return send(frame.bytes()); }
    std::size_t sendSome(std::span<const std::byte> bytes) {
        if (bytes.empty() || !isOpen()) return 0;
        const ssize_t size = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && errno != EAGAIN && errno != EINTR) lose();
        if (size <= 0) return 0;
        tally_->bytes += static_cast<std::uint64_t>(size);
        return static_cast<std::size_t>(size);
    }
    /// Throws away what came; false when the connection is over.
    bool drain() {
        std::array<std::byte, 65'536> buffer;
        while (isOpen()) {
            const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) break;
            if (size <= 0) lose();
        }
        return isOpen();
    }
    /// Whether the other side ended it, without reading.
    bool isOver() {
        if (!isOpen()) return true;
        pollfd state{socket_.get(), POLLRDHUP, 0};
        const bool over = ::poll(&state, 1, 0) == 1 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
        if (over) lose();
        return over;
    }
    void shutdownSend() { ::shutdown(socket_.get(), SHUT_WR); }
    void close() { socket_.close(); }
    /// Ends it with an RST.
    void reset() {
        const linger hard{.l_onoff = 1, .l_linger = 0};
        if (isOpen()) ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        socket_.close();
    }
    /// So small that it is full at once.
    void shrinkReceiveBuffer() {
        const int bytes = 4096;
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }

    std::size_t sentOfFrame = 0;  ///< Of a frame that is sent piece by piece.

private:
    void lose() {
        ++tally_->ended;
        socket_.close();
    }

    raw::Descriptor socket_;
    Tally* tally_;
};

}  // namespace tempeh::test::hostile
