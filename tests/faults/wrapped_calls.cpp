// The system calls of the library and of Asio, which fail when they are told to.

#include "faults/fault.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdarg>
#include <fcntl.h>
#include <mutex>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

using tempeh::faults::isSparedDescriptor;
using tempeh::faults::Kind;
using tempeh::faults::next;
using tempeh::faults::oneByte;
using tempeh::faults::spareDescriptor;

namespace {

/// How each descriptor is watched. A system that says EAGAIN, or takes less than it could, says later that it
/// can again; so does an injected one, by asking epoll to look anew.
struct Watched {
    std::mutex mutex;
    struct Place {
        int epoll = -1;
        epoll_event event{};
    };
    std::array<Place, 4096> places;

    void set(int descriptor, int epoll, const epoll_event* event) {
        if (descriptor < 0 || static_cast<std::size_t>(descriptor) >= places.size()) return;
        const std::scoped_lock lock(mutex);
        Place& place = places[static_cast<std::size_t>(descriptor)];
        place.epoll = event != nullptr ? epoll : -1;
        if (event != nullptr) place.event = *event;
    }
    bool get(int descriptor, Place& place) {
        if (descriptor < 0 || static_cast<std::size_t>(descriptor) >= places.size()) return false;
        const std::scoped_lock lock(mutex);
        place = places[static_cast<std::size_t>(descriptor)];
        return place.epoll >= 0;
    }
};

Watched& watched() {
    static auto* const all = new Watched;
    return *all;
}

int fail(int error) {
    errno = error;
    return -1;
}

std::atomic<unsigned> inheritable{0};

/// A descriptor is about to be made; programs that the process starts must not get it.
void noteMaking(int flags, int closeOnExec) noexcept {
    if ((flags & closeOnExec) == 0) ++inheritable;
}

}  // namespace

unsigned tempeh::faults::inheritableDescriptors() noexcept {
    return inheritable;
}

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
extern "C" {

int __real_epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event);
int __wrap_epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event);
int __wrap_epoll_ctl(int epoll, int operation, int descriptor, epoll_event* event) {
    // Waking the reactor re-arms a descriptor that is registered already, for which the system needs nothing.
    // Its own descriptors (the others ask for EPOLLHUP) Asio registers without looking at the result; nobody
    // above it can tell that it is deaf then.
    if (operation == EPOLL_CTL_ADD && (event->events & EPOLLHUP) != 0)
        if (const int error = next(Kind::EpollControl)) return fail(error);
    const int result = __real_epoll_ctl(epoll, operation, descriptor, event);
    if (result == 0) watched().set(descriptor, epoll, operation == EPOLL_CTL_DEL ? nullptr : event);
    return result;
}

#define TEMPEH_WRAP(kind, name, parameters, arguments)             \
    int __real_##name parameters;                                  \
    int __wrap_##name parameters;                                  \
    int __wrap_##name parameters {                                 \
        const int error = next(kind);                              \
        return error != 0 ? fail(error) : __real_##name arguments; \
    }

#define TEMPEH_WRAP_MAKER(kind, name, parameters, arguments, flags, closeOnExec) \
    int __real_##name parameters;                                                \
    int __wrap_##name parameters;                                                \
    int __wrap_##name parameters {                                               \
        noteMaking(flags, closeOnExec);                                          \
        const int error = next(kind);                                            \
        return error != 0 ? fail(error) : __real_##name arguments;               \
    }

TEMPEH_WRAP_MAKER(Kind::Socket, socket, (int family, int type, int protocol), (family, type, protocol), type,
                  SOCK_CLOEXEC)
TEMPEH_WRAP_MAKER(Kind::EpollCreate, epoll_create1, (int flags), (flags), flags, EPOLL_CLOEXEC)
TEMPEH_WRAP_MAKER(Kind::EventFd, eventfd, (unsigned value, int flags), (value, flags), flags, EFD_CLOEXEC)
TEMPEH_WRAP_MAKER(Kind::TimerFd, timerfd_create, (int clock, int flags), (clock, flags), flags, TFD_CLOEXEC)
TEMPEH_WRAP(Kind::Bind, bind, (int descriptor, const sockaddr* address, socklen_t size),
            (descriptor, address, size))
TEMPEH_WRAP(Kind::Listen, listen, (int descriptor, int backlog), (descriptor, backlog))
TEMPEH_WRAP(Kind::Connect, connect, (int descriptor, const sockaddr* address, socklen_t size),
            (descriptor, address, size))
TEMPEH_WRAP(Kind::EventFd, pipe, (int* descriptors), (descriptors))
TEMPEH_WRAP(Kind::EpollWait, epoll_wait, (int epoll, epoll_event* events, int size, int timeout),
            (epoll, events, size, timeout))
TEMPEH_WRAP(Kind::GetSocketOption, getsockopt,
            (int descriptor, int level, int option, void* value, socklen_t* size),
            (descriptor, level, option, value, size))
TEMPEH_WRAP(Kind::SetSocketOption, setsockopt,
            (int descriptor, int level, int option, const void* value, socklen_t size),
            (descriptor, level, option, value, size))
TEMPEH_WRAP(Kind::SocketName, getsockname, (int descriptor, sockaddr* address, socklen_t* size),
            (descriptor, address, size))
TEMPEH_WRAP(Kind::PeerName, getpeername, (int descriptor, sockaddr* address, socklen_t* size),
            (descriptor, address, size))
TEMPEH_WRAP(Kind::Lock, flock, (int descriptor, int operation), (descriptor, operation))
TEMPEH_WRAP(Kind::Status, lstat, (const char* path, struct stat* found), (path, found))
TEMPEH_WRAP(Kind::ChangeMode, chmod, (const char* path, mode_t mode), (path, mode))
TEMPEH_WRAP(Kind::ChangeMode, fchmod, (int descriptor, mode_t mode), (descriptor, mode))
TEMPEH_WRAP(Kind::Unlink, unlink, (const char* path), (path))
TEMPEH_WRAP(Kind::Shutdown, shutdown, (int descriptor, int how), (descriptor, how))
#undef TEMPEH_WRAP
#undef TEMPEH_WRAP_MAKER

int __real_accept4(int descriptor, sockaddr* address, socklen_t* size, int flags);
int __wrap_accept4(int descriptor, sockaddr* address, socklen_t* size, int flags);
int __wrap_accept4(int descriptor, sockaddr* address, socklen_t* size, int flags) {
    noteMaking(flags, SOCK_CLOEXEC);
    const int error = isSparedDescriptor(descriptor) ? 0 : next(Kind::Accept);
    return error != 0 ? fail(error) : __real_accept4(descriptor, address, size, flags);
}

int __real_ioctl(int descriptor, unsigned long request, ...);
int __wrap_ioctl(int descriptor, unsigned long request, ...);
int __wrap_ioctl(int descriptor, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void* const value = va_arg(rest, void*);
    va_end(rest);
    const int error = next(Kind::Ioctl);
    return error != 0 ? fail(error) : __real_ioctl(descriptor, request, value);
}

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const int mode = (flags & O_CREAT) != 0 ? va_arg(rest, int) : 0;
    va_end(rest);
    noteMaking(flags, O_CLOEXEC);
    const int error = next(Kind::Open);
    return error != 0 ? fail(error) : __real_open(path, flags, mode);
}

/// An interrupted close() has closed.
int __real_close(int descriptor);
int __wrap_close(int descriptor);
int __wrap_close(int descriptor) {
    const int error = next(Kind::Close);
    watched().set(descriptor, -1, nullptr);
    spareDescriptor(descriptor, false);
    const int result = __real_close(descriptor);
    return error != 0 ? fail(error) : result;
}

int __real_getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found);
int __wrap_getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found);
int __wrap_getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
    const int error = next(Kind::Lookup);
    return error != 0 ? error : __real_getaddrinfo(host, service, hints, found);
}

}  // extern "C"

namespace {

/// Whether the transfer goes on, and with how much of it.
enum class Verdict { All, OneByte, Fails };

Verdict judge(Kind kind, int descriptor) {
    if (isSparedDescriptor(descriptor)) return Verdict::All;
    const int error = next(kind);
    if (error == 0) return Verdict::All;
    if (Watched::Place place; (error == EAGAIN || error == oneByte) && watched().get(descriptor, place))
        __real_epoll_ctl(place.epoll, EPOLL_CTL_MOD, descriptor, &place.event);
    if (error == oneByte) return Verdict::OneByte;
    // The connection is dead then, in both directions.
    if (error == EPIPE || error == ECONNRESET || error == ETIMEDOUT) __real_shutdown(descriptor, SHUT_RDWR);
    errno = error;
    return Verdict::Fails;
}

/// The first byte of a vector, or what there is.
iovec firstByte(const iovec* vectors, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        if (vectors[i].iov_len != 0) return {vectors[i].iov_base, 1};
    return {nullptr, 0};
}

}  // namespace

extern "C" {

#define TEMPEH_WRAP_PLAIN(kind, name, pointer, flagsParameter, flagsArgument)              \
    ssize_t __real_##name(int descriptor, pointer data, std::size_t size flagsParameter);  \
    ssize_t __wrap_##name(int descriptor, pointer data, std::size_t size flagsParameter);  \
    ssize_t __wrap_##name(int descriptor, pointer data, std::size_t size flagsParameter) { \
        const Verdict verdict = judge(kind, descriptor);                                   \
        if (verdict == Verdict::Fails) return -1;                                          \
        if (verdict == Verdict::OneByte) size = std::min<std::size_t>(size, 1);            \
        return __real_##name(descriptor, data, size flagsArgument);                        \
    }
#define TEMPEH_COMMA ,
TEMPEH_WRAP_PLAIN(Kind::Receive, recv, void*, TEMPEH_COMMA int flags, TEMPEH_COMMA flags)
TEMPEH_WRAP_PLAIN(Kind::Send, send, const void*, TEMPEH_COMMA int flags, TEMPEH_COMMA flags)
#undef TEMPEH_WRAP_PLAIN
#undef TEMPEH_COMMA

ssize_t __real_readv(int descriptor, const iovec* vectors, int count);
ssize_t __wrap_readv(int descriptor, const iovec* vectors, int count);
ssize_t __wrap_readv(int descriptor, const iovec* vectors, int count) {
    const Verdict verdict = judge(Kind::Receive, descriptor);
    if (verdict == Verdict::Fails) return -1;
    if (verdict == Verdict::All) return __real_readv(descriptor, vectors, count);
    const iovec first = firstByte(vectors, static_cast<std::size_t>(count));
    return __real_readv(descriptor, &first, 1);
}

ssize_t __real_recvmsg(int descriptor, msghdr* message, int flags);
ssize_t __wrap_recvmsg(int descriptor, msghdr* message, int flags);
ssize_t __wrap_recvmsg(int descriptor, msghdr* message, int flags) {
    const Verdict verdict = judge(Kind::Receive, descriptor);
    if (verdict == Verdict::Fails) return -1;
    if (verdict == Verdict::All) return __real_recvmsg(descriptor, message, flags);
    iovec first = firstByte(message->msg_iov, message->msg_iovlen);
    msghdr little = *message;
    little.msg_iov = &first;
    little.msg_iovlen = 1;
    return __real_recvmsg(descriptor, &little, flags);
}

ssize_t __real_sendmsg(int descriptor, const msghdr* message, int flags);
ssize_t __wrap_sendmsg(int descriptor, const msghdr* message, int flags);
ssize_t __wrap_sendmsg(int descriptor, const msghdr* message, int flags) {
    const Verdict verdict = judge(Kind::Send, descriptor);
    if (verdict == Verdict::Fails) return -1;
    if (verdict == Verdict::All) return __real_sendmsg(descriptor, message, flags);
    iovec first = firstByte(message->msg_iov, message->msg_iovlen);
    msghdr little = *message;
    little.msg_iov = &first;
    little.msg_iovlen = 1;
    return __real_sendmsg(descriptor, &little, flags);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
