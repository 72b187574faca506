#pragma once

#include "options.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

/// Plain sockets for the hand-written peers. Errors throw: a benchmark does not go on after one.
namespace bench {

[[noreturn]] inline void throwErrno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

struct SocketName {
    sockaddr_storage storage{};
    socklen_t size = 0;

    const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage); }
    sockaddr* data() { return reinterpret_cast<sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }

    explicit SocketName(const Address& address) {
        if (address.uds) {
            sockaddr_un name{};
            name.sun_family = AF_UNIX;
            if (address.path.size() >= sizeof name.sun_path)
                throw std::invalid_argument("socket path too long");
            std::memcpy(name.sun_path, address.path.c_str(), address.path.size() + 1);
            std::memcpy(&storage, &name, sizeof name);
            size = sizeof name;
            return;
        }
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_port = htons(address.port);
        if (inet_pton(AF_INET, address.host.c_str(), &name.sin_addr) != 1) {
            throw std::invalid_argument("host must be an IPv4 literal: " + address.host);
        }
        std::memcpy(&storage, &name, sizeof name);
        size = sizeof name;
    }
};

inline void setNonBlocking(int fd, bool on) {
    const int flags = fcntl(fd, F_GETFL);
    if (fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK) != 0) throwErrno("fcntl");
}

/// A listening socket, blocking; the port really bound is put into `address`.
inline int listenOn(Address& address) {
    SocketName name(address);
    const int fd = socket(name.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throwErrno("socket");
    const int on = 1;
    if (!address.uds) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, name.data(), name.size) != 0) throwErrno("bind");
    if (listen(fd, SOMAXCONN) != 0) throwErrno("listen");
    if (!address.uds) {
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
        address.port = ntohs(bound.sin_port);
    }
    return fd;
}

inline void setNoDelay(int fd, const Address& address) {
    const int on = 1;
    if (!address.uds) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// A connected socket, blocking.
inline int connectTo(const Address& address) {
    SocketName name(address);
    const int fd = socket(name.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) throwErrno("socket");
    setNoDelay(fd, address);
    if (connect(fd, name.data(), name.size) != 0) throwErrno("connect");
    return fd;
}

/// Writes all of it on a blocking socket.
inline void writeAll(int fd, const std::byte* data, std::size_t size) {
    while (size > 0) {
        const ssize_t put = send(fd, data, size, MSG_NOSIGNAL);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) throwErrno("send");
        data += put;
        size -= static_cast<std::size_t>(put);
    }
}

/// Reads exactly so much from a blocking socket.
inline void readAll(int fd, std::byte* data, std::size_t size) {
    while (size > 0) {
        const ssize_t got = recv(fd, data, size, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) throw std::runtime_error("the peer closed the connection");
        if (got < 0) throwErrno("recv");
        data += got;
        size -= static_cast<std::size_t>(got);
    }
}

}  // namespace bench
