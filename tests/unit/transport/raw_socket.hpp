#pragma once

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace tempeh::transport {

/// A descriptor of the test's own, used through plain system calls.
class RawSocket {
public:
    explicit RawSocket(int descriptor = -1) : descriptor_(descriptor) {}
    ~RawSocket() { reset(); }
    RawSocket(RawSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    RawSocket& operator=(RawSocket&& other) noexcept {
        reset(std::exchange(other.descriptor_, -1));
        return *this;
    }

    static RawSocket make(int family, int flags = 0) {
        return RawSocket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    }
    int get() const { return descriptor_; }
    void reset(int descriptor = -1) {
        if (descriptor_ >= 0) ::close(descriptor_);
        descriptor_ = descriptor;
    }

private:
    int descriptor_;
};

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

inline sockaddr_un unixPath(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

template <typename SocketAddress>
int bindTo(const RawSocket& socket, const SocketAddress& address) {
    const int result = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return result == 0 ? 0 : errno;
}

template <typename SocketAddress>
int connectTo(const RawSocket& socket, const SocketAddress& address) {
    const int result = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return result == 0 ? 0 : errno;
}

inline std::uint16_t boundPort(const RawSocket& socket) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    return ntohs(address.sin_port);
}

/// Leaves a socket file behind as a server that died does.
inline void leaveStaleFile(const std::string& path) {
    const RawSocket server = RawSocket::make(AF_UNIX);
    ASSERT_EQ(bindTo(server, unixPath(path)), 0);
    ASSERT_EQ(::listen(server.get(), 1), 0);
}

}  // namespace tempeh::transport
